//! What a cell says, as text.

use std::borrow::Cow;

use calamine::{DataRef, ExcelDateTime};

/// What a cell that is not blank says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CellValue<'a> {
    /// Text, trimmed; and a boolean, a date or a time as text.
    Text(Cow<'a, str>),
    /// A number as text.
    Number {
        text: String,
        /// Whether it has more than the 15 digits that a spreadsheet keeps.
        rounded: bool,
    },
    /// An error, such as `#N/A`.
    Error(String),
}

impl<'a> CellValue<'a> {
    /// What a cell says; `None` where it is blank.
    ///
    /// `digits` is how many digits the cell's format demands at least, by leading zeros: 5 for `00000`.
    pub(crate) fn read(data: &DataRef<'a>, digits: usize) -> Option<Self> {
        let value = match data {
            DataRef::Empty => return None,
            DataRef::String(text) | DataRef::DurationIso(text) => {
                Self::Text(Cow::Owned(text.trim().to_owned()))
            }
            DataRef::SharedString(text) => Self::Text(Cow::Borrowed(text.trim())),
            DataRef::Bool(value) => Self::text(if *value { "TRUE" } else { "FALSE" }),
            DataRef::Int(number) => Self::Number {
                text: pad(&number.to_string(), digits),
                rounded: number.unsigned_abs() >= 1_000_000_000_000_000,
            },
            DataRef::Float(number) => Self::number(*number, digits),
            DataRef::DateTime(moment) => Self::moment(*moment),
            DataRef::DateTimeIso(text) => Self::Text(Cow::Owned(short_iso(text.trim()))),
            DataRef::Error(error) => Self::Error(error.to_string()),
        };
        if value.as_str().is_empty() { None } else { Some(value) }
    }

    /// The text, the error's name among them.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number { text, .. } | Self::Error(text) => text,
        }
    }

    fn text(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    fn number(number: f64, digits: usize) -> Self {
        if !number.is_finite() {
            return Self::Error("#NUM!".to_owned());
        }
        Self::Number { text: pad(&general(number), digits), rounded: number.abs() >= 1e15 }
    }

    /// A date as `2024-02-29`, with `T10:30:00` where it has a time; a time alone as `10:30:00`; a length of time as
    /// `36:30:00`. To the second. What Excel shows as `####`, a date before its first or after its last, is a number.
    fn moment(moment: ExcelDateTime) -> Self {
        let days = moment.as_f64();
        let seconds = (days * DAY).round();
        if moment.is_duration() && seconds.abs() < 1e12 {
            let (sign, seconds) = (if seconds < 0.0 { "-" } else { "" }, seconds.abs());
            let (hours, minutes) = ((seconds / 3600.0).floor(), (seconds / 60.0).floor() % 60.0);
            return Self::Text(Cow::Owned(format!("{sign}{hours}:{minutes:02}:{:02}", seconds % 60.0)));
        }
        if !(0.0..LAST_DAY * DAY).contains(&seconds) {
            return Self::number(days, 0);
        }
        let (year, month, day, hour, minute, second, _) = rounded(moment, seconds).to_ymd_hms_milli();
        let time = format!("{hour:02}:{minute:02}:{second:02}");
        Self::Text(Cow::Owned(if seconds < DAY {
            time
        } else if time == "00:00:00" {
            format!("{year:04}-{month:02}-{day:02}")
        } else {
            format!("{year:04}-{month:02}-{day:02}T{time}")
        }))
    }
}

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// The day after 9999-12-31, counted as Excel does from 1900.
const LAST_DAY: f64 = 2_958_466.0;

/// The same moment to the second.
fn rounded(moment: ExcelDateTime, seconds: f64) -> ExcelDateTime {
    let from_1904 = moment.to_ymd_hms_milli() != as_of_1900(moment.as_f64()).to_ymd_hms_milli();
    ExcelDateTime::new(seconds / DAY, calamine::ExcelDateTimeType::DateTime, from_1904)
}

fn as_of_1900(days: f64) -> ExcelDateTime {
    ExcelDateTime::new(days, calamine::ExcelDateTimeType::DateTime, false)
}

/// A number as a spreadsheet shows it where no format says otherwise and the column is wide enough: 15 significant
/// digits, none of them a needless zero, and an exponent only above 10^21 and below 10^-9.
fn general(number: f64) -> String {
    let scientific = format!("{number:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or(0);
    match exponent {
        0..=20 if digits.len() <= places + 1 => format!("{sign}{digits:0<width$}", width = places + 1),
        0..=20 => {
            let (whole, part) = digits.split_at(places + 1);
            format!("{sign}{whole}.{part}")
        }
        -9..=-1 => format!("{sign}0.{}{digits}", "0".repeat(places - 1)),
        _ => {
            let (whole, part) = digits.split_at(1);
            let point = if part.is_empty() { "" } else { "." };
            let plus = if exponent < 0 { '-' } else { '+' };
            format!("{sign}{whole}{point}{part}E{plus}{places:02}")
        }
    }
}

/// A whole number with leading zeros, where its format demands them.
fn pad(number: &str, digits: usize) -> String {
    let (sign, plain) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{sign}{plain:0>digits$}")
    } else {
        number.to_owned()
    }
}

/// A date and time of ISO 8601 less what says nothing: midnight, fractions of a second, and `Z`.
fn short_iso(text: &str) -> String {
    let Some((date, time)) = text.split_once('T') else { return text.to_owned() };
    let time = time.strip_suffix('Z').unwrap_or(time);
    let time = time.split_once('.').map_or(time, |(seconds, _)| seconds);
    if time == "00:00:00" { date.to_owned() } else { format!("{date}T{time}") }
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    fn text(data: &DataRef<'_>) -> String {
        CellValue::read(data, 0).map(|value| value.as_str().to_owned()).unwrap_or_default()
    }

    fn date(days: f64, from_1904: bool) -> String {
        text(&DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, from_1904)))
    }

    fn duration(days: f64) -> String {
        text(&DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::TimeDelta, false)))
    }

    #[test]
    fn numbers_are_as_a_spreadsheet_shows_them() {
        for (number, shown) in [
            (1.0, "1"),
            (0.0, "0"),
            (-0.0, "0"),
            (-7.0, "-7"),
            (10.0, "10"),
            (100_200.0, "100200"),
            (1.5, "1.5"),
            (-0.25, "-0.25"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 3.0, "0.333333333333333"),
            (123_456.789, "123456.789"),
            (1_234_567_890_123_456.0, "1234567890123460"),
            (999_999_999_999_999.0, "999999999999999"),
            (9_999_999_999_999_999.0, "10000000000000000"),
            (1e20, "100000000000000000000"),
            (1.5e21, "1.5E+21"),
            (1e300, "1E+300"),
            (0.000_000_001_5, "0.0000000015"),
            (1.5e-10, "1.5E-10"),
        ] {
            assert_eq!(text(&DataRef::Float(number)), shown, "{number}");
        }
        assert_eq!(text(&DataRef::Int(42)), "42");
        assert!(matches!(CellValue::read(&DataRef::Float(f64::NAN), 0), Some(CellValue::Error(_))));
    }

    #[test]
    fn more_digits_than_are_kept_are_told() {
        let rounded =
            |data| matches!(CellValue::read(&data, 0), Some(CellValue::Number { rounded: true, .. }));
        assert!(!rounded(DataRef::Float(999_999_999_999_999.0)));
        assert!(rounded(DataRef::Float(1_000_000_000_000_000.0)));
        assert!(rounded(DataRef::Float(-1_234_567_890_123_456.0)));
        assert!(rounded(DataRef::Int(1_234_567_890_123_456)));
        assert!(!rounded(DataRef::Float(0.123_456_789_012_345_68)));
        assert!(!rounded(DataRef::SharedString("1234567890123456")));
    }

    #[test]
    fn leading_zeros_that_the_format_demands_are_kept() {
        let shown =
            |number, digits| CellValue::read(&DataRef::Float(number), digits).unwrap().as_str().to_owned();
        assert_eq!(shown(123.0, 5), "00123");
        assert_eq!(shown(123_456.0, 5), "123456");
        assert_eq!(shown(-7.0, 3), "-007");
        assert_eq!(shown(1.5, 5), "1.5");
    }

    #[test]
    fn dates_in_both_epochs() {
        assert_eq!(date(45_351.0, false), "2024-02-29");
        assert_eq!(date(45_351.0 - 1462.0, true), "2024-02-29");
        assert_eq!(date(45351.4375, false), "2024-02-29T10:30:00");
        assert_eq!(date(43889.4375, true), "2024-02-29T10:30:00");
        assert_eq!(date(45_351.999_999_99, false), "2024-03-01");
        assert_eq!(date(45_351.437_499_999, false), "2024-02-29T10:30:00");
        assert_eq!(date(1.0, false), "1900-01-01");
        assert_eq!(date(60.0, false), "1900-02-29");
        assert_eq!(date(61.0, false), "1900-03-01");
        assert_eq!(date(2_958_465.0, false), "9999-12-31");
    }

    #[test]
    fn times_alone_lengths_of_time_and_what_is_no_date() {
        assert_eq!(date(0.4375, false), "10:30:00");
        assert_eq!(date(0.0, false), "00:00:00");
        assert_eq!(duration(1.520_833_333_333_333), "36:30:00");
        assert_eq!(duration(-0.5), "-12:00:00");
        assert_eq!(date(-1.0, false), "-1");
        assert_eq!(date(2_958_466.0, false), "2958466");
        assert_eq!(date(1e300, false), "1E+300");
        assert!(date(f64::NAN, false).starts_with('#'));
        assert!(duration(f64::INFINITY).starts_with('#'));
    }

    #[test]
    fn everything_else() {
        assert_eq!(text(&DataRef::Bool(true)), "TRUE");
        assert_eq!(text(&DataRef::Bool(false)), "FALSE");
        assert_eq!(text(&DataRef::SharedString(" \u{A0}00123\n")), "00123");
        assert_eq!(text(&DataRef::String(" a  b ".into())), "a  b");
        assert_eq!(text(&DataRef::DateTimeIso("2024-02-29T00:00:00".into())), "2024-02-29");
        assert_eq!(text(&DataRef::DateTimeIso("2024-02-29T10:30:00.000Z".into())), "2024-02-29T10:30:00");
        assert_eq!(text(&DataRef::DateTimeIso("2024-02-29".into())), "2024-02-29");
        assert_eq!(CellValue::read(&DataRef::SharedString(" \t "), 0), None);
        assert_eq!(
            CellValue::read(&DataRef::Error(CellErrorType::NA), 0),
            Some(CellValue::Error("#N/A".into()))
        );
    }
}
