//! Colour, where there is a terminal to show it.

/// Whether text is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// As it is.
    Plain,
    /// With the terminal's colours.
    Colours,
}

impl Paint {
    fn code(self, code: &str, text: &str) -> String {
        match self {
            Paint::Plain => text.to_owned(),
            Paint::Colours => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }

    /// What is wrong.
    pub fn bad(self, text: &str) -> String {
        self.code("1;31", text)
    }

    /// What is right.
    pub fn good(self, text: &str) -> String {
        self.code("32", text)
    }

    /// A title.
    pub fn title(self, text: &str) -> String {
        self.code("1", text)
    }

    /// What can be overlooked.
    pub fn faint(self, text: &str) -> String {
        self.code("2", text)
    }
}
