//! The numbers as Markdown, each with its limit if it has one.

use std::fmt;

/// Rows in the order in which they were measured.
#[derive(Debug, Default)]
pub struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
}

impl Table {
    /// A number that may be anything.
    pub fn row(&mut self, what: &str, value: f64, unit: &'static str) {
        self.push(what, value, unit, None);
    }

    /// A number that may be as large as its limit.
    pub fn limited(&mut self, what: &str, value: f64, unit: &'static str, limit: f64) {
        self.push(what, value, unit, Some(limit));
    }

    fn push(&mut self, what: &str, value: f64, unit: &'static str, limit: Option<f64>) {
        let what = what.to_owned();
        self.0.push(Row {
            what,
            value,
            unit,
            limit,
        });
    }

    /// The rows that are over their limits.
    pub fn misses(&self) -> Vec<String> {
        let over = |row: &&Row| row.limit.is_some_and(|limit| row.value > limit);
        self.0.iter().filter(over).map(ToString::to_string).collect()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { what, value, unit, .. } = self;
        write!(f, "| {what} | {value:.2} {unit} | ")?;
        match self.limit {
            Some(limit) => write!(f, "{limit} {unit} |"),
            None => write!(f, "|"),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | measured | fails above |\n| --- | ---: | ---: |")?;
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}
