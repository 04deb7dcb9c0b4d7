//! How a stack is written: `driver(key=value,…)+layer(key=value,…)+…`, the driver first, each layer over what stands before
//! it.
//!
//! ```text
//! stack     = ( nova | component ) { "+" component }
//! component = source [ "(" [ setting { "," setting } ] ")" ]
//! setting   = key "=" value
//! source    = name | path             a path contains a "/" or ends in ".wasm"
//! name      = lower case letters, digits, "-"
//! nova      = [ "nova.virt." ] [ "fake." ] class
//! class     = letters, digits, "_", a capital first
//! key       = letters, digits, "_", "-"
//! value     = text without any of  , ( ) + " and blanks at its ends, or quoted
//! ```
//!
//! A path or value that needs one of those characters is put in double quotes; within them `\"` and `\\` stand for `"` and
//! `\`. Blanks around the signs mean nothing. No key stands twice in one pair of brackets.
//!
//! A name is a shipped driver's or layer's. Where the driver belongs a driver of Nova's can be named as Nova's option
//! `compute_driver` does; it is read as the stack that it stands for ([`NovaDriver`]), with layers of its own if it has any,
//! and more may be put over it: `fake.FakeFinishMigrationFailDriver+slow` is
//! `fake(quirks=nova)+fail-finish-migration+slow`.

use crate::nova_names::NovaDriver;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A driver and the layers over it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stack {
    /// The components, the driver first; never empty.
    pub components: Vec<StackComponent>,
}

/// One component of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StackComponent {
    /// Where it comes from.
    pub source: Source,
    /// Its settings in the order they were written; no key twice.
    pub settings: Vec<(String, String)>,
}

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A driver or layer the library knows by name.
    Name(String),
    /// A file, or a folder in which a driver was built.
    Path(PathBuf),
}

/// Text that is no stack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}\n{:>width$} {problem}", "^", width = caret(text, *at))]
pub struct StackSyntaxError {
    /// The whole text.
    pub text: String,
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What is wrong and what was expected.
    pub problem: String,
}

/// The column of a byte, from 1.
fn caret(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).chars().count() + 1
}

impl FromStr for Stack {
    type Err = StackSyntaxError;

    fn from_str(text: &str) -> Result<Self, StackSyntaxError> {
        let mut parser = Parser { text, at: 0 };
        let mut components = match parser.nova_driver()? {
            Some(stack) => stack,
            None => vec![parser.component()?],
        };
        while parser.take('+') {
            components.push(parser.component()?);
        }
        match parser.peek() {
            None => Ok(Stack { components }),
            Some(found) => {
                Err(parser.error(format!("`{found}` is not expected here; a `+` and a layer may follow")))
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, problem: impl Into<String>) -> StackSyntaxError {
        self.error_at(self.at, problem)
    }

    fn error_at(&self, at: usize, problem: impl Into<String>) -> StackSyntaxError {
        StackSyntaxError { text: self.text.to_owned(), at, problem: problem.into() }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Takes the name of a driver of Nova's, if one stands here, for its components.
    fn nova_driver(&mut self) -> Result<Option<Vec<StackComponent>>, StackSyntaxError> {
        self.skip_blanks();
        let start = self.at;
        if self.peek() == Some('"') {
            return Ok(None);
        }
        let name = self.text()?;
        if name.ends_with(".wasm") || !NovaDriver::is_meant(&name) {
            self.at = start;
            return Ok(None);
        }
        let driver = NovaDriver::find(&name).map_err(|error| self.error_at(start, error.to_string()))?;
        if self.peek() == Some('(') {
            return Err(self.error(format!(
                "a driver of Nova's has no settings; write the stack that it stands for, `{}`, and set what you want in it",
                driver.stack
            )));
        }
        Ok(Some(Stack::from_str(driver.stack)?.components))
    }

    fn component(&mut self) -> Result<StackComponent, StackSyntaxError> {
        self.skip_blanks();
        let start = self.at;
        let quoted = self.peek() == Some('"');
        let name = self.text()?;
        if name.is_empty() {
            return Err(self.error_at(start, "a driver's name or path is expected here"));
        }
        let source = if quoted || name.contains('/') || name.ends_with(".wasm") {
            Source::Path(PathBuf::from(name))
        } else if is_word(&name, "-") && !name.contains(|c: char| c.is_ascii_uppercase()) {
            Source::Name(name)
        } else if NovaDriver::is_meant(&name) {
            return Err(self.error_at(
                start,
                format!("`{name}` is a driver by Nova's name, and a driver comes first in a stack; layers stand over it"),
            ));
        } else {
            return Err(self.error_at(
                start,
                format!("`{name}` is no driver's name (lower case letters, digits and `-`); a file's path has a `/` in it"),
            ));
        };
        let mut settings = Vec::new();
        if self.take('(') && !self.take(')') {
            loop {
                self.skip_blanks();
                let start = self.at;
                let (key, value) = self.setting()?;
                if settings.iter().any(|(other, _)| *other == key) {
                    return Err(self.error_at(start, format!("`{key}` is set twice")));
                }
                settings.push((key, value));
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.error("a `,` and another setting, or `)`, is expected here"));
                }
            }
        }
        Ok(StackComponent { source, settings })
    }

    fn setting(&mut self) -> Result<(String, String), StackSyntaxError> {
        self.skip_blanks();
        let start = self.at;
        let length = self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
        let key = self.rest()[..length.unwrap_or(self.rest().len())].to_owned();
        if key.is_empty() {
            return Err(self.error_at(start, "a setting is expected here, `key=value`"));
        }
        self.at += key.len();
        if !self.take('=') {
            return Err(self.error(format!("`=` and the value of `{key}` are expected here")));
        }
        Ok((key, self.text()?))
    }

    /// Quoted text, or text up to a character that means something.
    fn text(&mut self) -> Result<String, StackSyntaxError> {
        if !self.take('"') {
            self.skip_blanks();
            let end = self.rest().find([',', '(', ')', '+', '"']).unwrap_or(self.rest().len());
            let text = self.rest()[..end].to_owned();
            self.at += text.len();
            return Ok(text.trim_end().to_owned());
        }
        let start = self.at - 1;
        let mut text = String::new();
        let mut characters = self.text[self.at..].char_indices();
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    _ => {
                        return Err(
                            self.error_at(self.at + offset, "after `\\` only `\"` or `\\` may follow")
                        );
                    }
                },
                character => text.push(character),
            }
        }
        Err(self.error_at(start, "this quote is never closed"))
    }
}

fn is_word(text: &str, also: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, component) in self.components.iter().enumerate() {
            if position > 0 {
                f.write_str("+")?;
            }
            component.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for StackComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Name(name) => f.write_str(name)?,
            Source::Path(path) => {
                let path = path.to_string_lossy();
                // Without a `/` or `.wasm` only the quotes tell that it is a path.
                let plain = path.contains('/') || path.ends_with(".wasm");
                write_text(f, &path, !plain)?;
            }
        }
        for (position, (key, value)) in self.settings.iter().enumerate() {
            write!(f, "{}{key}=", if position == 0 { "(" } else { "," })?;
            write_text(f, value, false)?;
        }
        if self.settings.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str, quote: bool) -> fmt::Result {
    if quote || text.contains([',', '(', ')', '+', '"']) || text.trim() != text {
        write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<Stack>().unwrap_err().to_string()
    }

    #[test]
    fn a_stack_is_written_as_it_is_read() {
        for text in [
            "fake",
            "fake+fail-finish-migration",
            "fake(vcpus=8,quirks=nova)+slow(method=spawn)+./my/layer.wasm",
            "fake(text=\"a, (b) + \\\"c\\\" \\\\\")+\"/x+y/z.wasm\"",
            "\"driver\"",
        ] {
            let stack: Stack = text.parse().unwrap();
            assert_eq!(stack.to_string(), text);
            assert_eq!(stack.to_string().parse::<Stack>().unwrap(), stack);
        }
    }

    #[test]
    fn blanks_mean_nothing_and_empty_brackets_neither() {
        let stack: Stack = " fake ( vcpus = 8 , a = b c ) + layer( ) ".parse().unwrap();
        assert_eq!(stack.to_string(), "fake(vcpus=8,a=b c)+layer");
    }

    #[test]
    fn an_error_shows_where_and_what_is_expected() {
        assert_eq!(error(""), "\n^ a driver's name or path is expected here");
        assert_eq!(error("fake+"), "fake+\n     ^ a driver's name or path is expected here");
        assert_eq!(
            error("fake(vcpus)"),
            "fake(vcpus)\n          ^ `=` and the value of `vcpus` are expected here"
        );
        assert_eq!(
            error("fake(a=1"),
            "fake(a=1\n        ^ a `,` and another setting, or `)`, is expected here"
        );
        assert_eq!(error("fake(a=1,a=2)"), "fake(a=1,a=2)\n         ^ `a` is set twice");
        assert_eq!(error("fake(a=\"1)"), "fake(a=\"1)\n       ^ this quote is never closed");
        assert_eq!(error("fake)"), "fake)\n    ^ `)` is not expected here; a `+` and a layer may follow");
        assert!(error("Fake Driver").contains("is no driver's name"));
    }

    #[test]
    fn a_driver_of_novas_is_read_as_its_stack() {
        let stack = |text: &str| text.parse::<Stack>().unwrap().to_string();
        assert_eq!(
            stack(" nova.virt.fake.FakeFinishMigrationFailDriver + slow(ms=1)"),
            "fake(quirks=nova)+fail-finish-migration+slow(ms=1)"
        );
        assert_eq!(stack("Driver.wasm"), "Driver.wasm");
        assert_eq!(stack("./fake.Driver"), "./fake.Driver");
        assert_eq!(stack("\"FakeDriver\""), "\"FakeDriver\"", "a path");
    }

    #[test]
    fn where_a_driver_of_novas_cannot_stand_the_error_says_so() {
        assert!(
            error("fake.NoDriver").starts_with("fake.NoDriver\n^ `fake.NoDriver` is no driver of Nova's")
        );
        assert_eq!(
            error("fake.SmallFakeDriver(vcpus=3)"),
            "fake.SmallFakeDriver(vcpus=3)\n                    ^ a driver of Nova's has no settings; write the stack that \
             it stands for, `fake(quirks=nova,size=small)`, and set what you want in it"
        );
        assert!(
            error("fake+FakeDriver")
                .starts_with("fake+FakeDriver\n     ^ `FakeDriver` is a driver by Nova's name")
        );
    }
}
