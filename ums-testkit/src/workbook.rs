//! Excel workbooks for tests.

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet, XlsxError};

/// Makes an `.xlsx` workbook, sheet by sheet.
///
/// ```
/// use ums_testkit::workbook::WorkbookMaker;
///
/// let bytes = WorkbookMaker::new()
///     .sheet("users", [["email", "name"], ["ada@example.com", "Ada Lovelace"]])
///     .bytes();
/// assert!(bytes.starts_with(b"PK"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct WorkbookMaker {
    sheets: Vec<Sheet>,
}

#[derive(Clone, Debug)]
struct Sheet {
    name: String,
    visibility: Visibility,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visibility {
    Visible,
    Hidden,
    VeryHidden,
}

/// What a cell of a made workbook holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell {
    /// Nothing: there is no cell.
    Blank,
    /// Text.
    Text(String),
    /// Text of which the second part is bold.
    RichText(String, String),
    /// A number, with no format.
    Number(f64),
    /// A number with a format, such as `00000`, or `yyyy-mm-dd` for a date; a date is counted in days from 1899-12-30.
    Formatted(f64, String),
    /// `TRUE` or `FALSE`.
    Boolean(bool),
    /// Text in a cell that is merged with those to its right and below: text, columns, rows. The others are blank.
    Merged(String, u16, u32),
    /// A formula with the value that was computed from it; `#N/A` and the like make an error cell.
    Formula(String, String),
}

impl Cell {
    /// A cell with this error, such as `#N/A`.
    pub fn error(error: impl Into<String>) -> Self {
        let error = error.into();
        Self::Formula(format!("={}", if error == "#N/A" { "NA()" } else { "1/0" }), error)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Blank } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Blank } else { Self::Text(text) }
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl WorkbookMaker {
    /// A workbook with no sheet yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sheet; the first row is row 1, and an empty row leaves that row out.
    #[must_use]
    pub fn sheet<R>(mut self, name: impl Into<String>, rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item: Into<Cell>>,
    {
        let rows = rows.into_iter().map(|row| row.into_iter().map(Into::into).collect()).collect();
        self.sheets.push(Sheet { name: name.into(), visibility: Visibility::Visible, rows });
        self
    }

    /// Hides the sheet added last.
    #[must_use]
    pub fn hidden(self) -> Self {
        self.seen(Visibility::Hidden)
    }

    /// Hides the sheet added last so that Excel does not even offer to show it.
    #[must_use]
    pub fn very_hidden(self) -> Self {
        self.seen(Visibility::VeryHidden)
    }

    fn seen(mut self, visibility: Visibility) -> Self {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.visibility = visibility;
        }
        self
    }

    /// The workbook as a file.
    ///
    /// # Panics
    ///
    /// Where Excel would not take the workbook: a sheet's name longer than 31 characters, twice the same name.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that makes an impossible workbook is wrong itself")]
    pub fn bytes(&self) -> Vec<u8> {
        self.write().expect("the workbook can be written")
    }

    fn write(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let shown = self.sheets.iter().position(|sheet| sheet.visibility == Visibility::Visible);
        for (index, sheet) in self.sheets.iter().enumerate() {
            let worksheet = workbook.add_worksheet();
            worksheet.set_name(&sheet.name)?;
            match sheet.visibility {
                Visibility::Visible => {}
                Visibility::Hidden => _ = worksheet.set_hidden(true),
                Visibility::VeryHidden => _ = worksheet.set_very_hidden(true),
            }
            if shown == Some(index) {
                worksheet.set_active(true);
                worksheet.set_first_tab(true);
            }
            for (row, cells) in (0..).zip(&sheet.rows) {
                for (column, cell) in (0..).zip(cells) {
                    write_cell(worksheet, row, column, cell)?;
                }
            }
        }
        workbook.save_to_buffer()
    }
}

fn write_cell(worksheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Blank => {}
        Cell::Text(text) => _ = worksheet.write_string(row, column, text)?,
        Cell::RichText(plain, bold) => {
            let (plain_format, bold_format) = (Format::new(), Format::new().set_bold());
            _ = worksheet.write_rich_string(
                row,
                column,
                &[(&plain_format, plain.as_str()), (&bold_format, bold.as_str())],
            )?;
        }
        Cell::Number(number) => _ = worksheet.write_number(row, column, *number)?,
        Cell::Formatted(number, format) => {
            let format = Format::new().set_num_format(format);
            _ = worksheet.write_number_with_format(row, column, *number, &format)?;
        }
        Cell::Boolean(value) => _ = worksheet.write_boolean(row, column, *value)?,
        Cell::Merged(text, columns, rows) => {
            let (last_row, last_column) = (row + rows - 1, column + columns - 1);
            _ = worksheet.merge_range(row, column, last_row, last_column, text, &Format::new())?;
        }
        Cell::Formula(formula, result) => {
            _ = worksheet.write_formula(row, column, Formula::new(formula).set_result(result))?;
        }
    }
    Ok(())
}

/// A workbook of `count` users in one organisation and ten departments, all of which import well.
#[must_use]
pub fn users(count: u32) -> WorkbookMaker {
    let headings = ["email", "external_id", "full_name", "department", "organisation"].map(str::to_owned);
    let rows = (0..count).map(|number| {
        [
            format!("person{number}@example.com"),
            format!("{number:07}"),
            format!("Person {number}"),
            format!("Department {}", number % 10),
            "Tech Corp".to_owned(),
        ]
    });
    WorkbookMaker::new()
        .sheet("organisations", [["name"], ["Tech Corp"]])
        .sheet("users", std::iter::once(headings).chain(rows))
}

/// The workbook of awkward cells that `ums-core/tests/fixtures` holds as three programs write it.
///
/// `golden.txt` there says what is read from it; `make_openpyxl.py` and `make_libreoffice.py` say the same again.
#[must_use]
pub fn golden() -> WorkbookMaker {
    let text = |text: &str| Cell::from(text);
    let blank = || Cell::Blank;
    let date = |days: f64, format: &str| Cell::Formatted(days, format.to_owned());
    let notes = [[text("email"), text("This sheet is hidden and comes first.")]];
    let users = [
        vec![
            "E-Mail",
            "Employee ID",
            "First name",
            "LAST_NAME",
            "Dept",
            "company",
            "role",
            "STATUS",
            "Password",
            "Joined",
        ]
        .into_iter()
        .map(Cell::from)
        .collect(),
        vec![
            text("ada@example.com"),
            text("00123"),
            text("Ada"),
            text("Lovelace"),
            text("Human Resources"),
            text("Tech Corp"),
            text("Org Admin"),
            text("active"),
            text("StrongPassword123"),
            date(45_351.0, "yyyy-mm-dd"),
        ],
        vec![
            text("  Grace@Example.com "),
            Cell::Number(1_234_567_890_123_456.0),
            text("Grace"),
            text("Hopper"),
            blank(),
            text("Tech Corp"),
        ],
        vec![
            text("linus@example.com"),
            date(42.0, "00000"),
            text("Linus"),
            text("Torvalds"),
            text("Payroll"),
        ],
        vec![
            Cell::Formula("=\"marie\"&\"@example.com\"".to_owned(), "marie@example.com".to_owned()),
            date(45351.4375, "yyyy-mm-dd hh:mm:ss"),
            text("Marie"),
            text("Curie"),
        ],
        vec![blank(), text("   ")],
        vec![text("nobody"), text("7"), text("No"), text("Body"), blank(), blank(), text("boss")],
        vec![],
        vec![
            text("josé@example.com"),
            Cell::Number(1.0),
            text("José"),
            text("Ñandú 😀"),
            text("R & D <b>"),
            blank(),
            blank(),
            text("Suspended"),
        ],
        vec![
            text("kurt@example.com"),
            Cell::Number(1.5),
            text("Kurt"),
            Cell::Boolean(false),
            blank(),
            Cell::Boolean(true),
        ],
        vec![text("emmy@example.com"), text("9"), Cell::error("#N/A"), text("Noether")],
        vec![
            text("rosa@example.com"),
            date(45_351.0, "d/m/yyyy"),
            Cell::RichText("Ro".to_owned(), "sa".to_owned()),
            blank(),
        ],
        vec![
            text("alan@example.com"),
            Cell::Number(0.1 + 0.2),
            text("Alan"),
            text("Turing"),
            Cell::error("#DIV/0!"),
        ],
        vec![text("ADA@example.com"), blank(), text("Ada"), text("Again")],
    ];
    let departments = [
        vec![],
        vec![],
        vec![
            blank(),
            text("Department"),
            blank(),
            text("Organization"),
            text("Parent Department"),
            text("Colour"),
        ],
        vec![blank(), text("Human Resources"), blank(), text("Tech Corp"), blank(), text("red")],
        vec![blank(), text("Payroll"), blank(), text("Tech Corp"), text("Human Resources")],
        vec![],
        vec![blank(), text("R & D <b>"), blank(), Cell::error("#N/A")],
        vec![blank(), text("Sales")],
    ];
    let organisations = [
        vec![text(" N-a_m e"), text("Address"), text("Description")],
        vec![text("Tech Corp"), text("Mumbai, India"), text("Software company")],
        vec![],
        vec![text("  Bücher & Söhne\u{A0}"), text("Straße 1, \"Hof\" <2>"), blank()],
        vec![text("Ünïcode 😀 日本"), Cell::Number(1.0), Cell::Boolean(true)],
        vec![
            Cell::RichText("Rich ".to_owned(), "Text".to_owned()),
            date(45_351.0, "yyyy-mm-dd"),
            date(45351.4375, "yyyy-mm-dd hh:mm:ss"),
        ],
        vec![text("Times"), date(0.4375, "hh:mm:ss"), date(36.5 / 24.0, "[h]:mm:ss")],
        vec![blank(), text("nowhere")],
        vec![text("Two  spaces"), Cell::Merged("Across two columns".to_owned(), 2, 1)],
        vec![Cell::Merged("Down two rows".to_owned(), 1, 2), text("first")],
        vec![blank(), text("second")],
    ];
    let secrets = [[text("email"), text("This sheet is very hidden and comes last.")]];
    WorkbookMaker::new()
        .sheet("Notes", notes)
        .hidden()
        .sheet("Users", users)
        .sheet("DEPARTMENTS", departments)
        .sheet("organisations", organisations)
        .sheet("Secrets", secrets)
        .very_hidden()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_as_many_rows_as_asked_for() {
        assert_eq!(users(3).sheets[1].rows.len(), 4);
        assert!(users(3).bytes().starts_with(b"PK\x03\x04"));
    }
}
