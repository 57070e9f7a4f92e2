//! UMS put to use. The examples stand beside this file's folder; the tests of this crate run them.
