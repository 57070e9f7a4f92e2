//! Whatever the text: it is no token and no cursor of ours, unless it is the very one that was given out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ums_core::{Error, PageLimit, PageRequest, UserFilter};
use ums_fuzz::world;

fuzz_target!(|text: &str| {
    let world = world();
    world.runtime.block_on(async {
        if text != world.tokens.access_token {
            let refused = world.ums.authenticate(text).await;
            assert!(matches!(refused, Err(Error::InvalidAccessToken)), "{refused:?}");
        }
        if text != world.tokens.refresh_token {
            let refused = world.ums.anonymous().refresh(text).await;
            assert!(matches!(refused, Err(Error::InvalidRefreshToken)), "{refused:?}");
        }
        let request = PageRequest::new(PageLimit::default(), Some(text.to_owned()));
        let refused = world.ums.system().users(&UserFilter::default(), &request).await;
        assert!(matches!(refused, Err(Error::InvalidCursor)), "{refused:?}");
    });
});
