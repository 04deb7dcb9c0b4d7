//! `novarig replay --step`: a walk through a run, in a terminal or line by line.

use crate::output::print;
use console::{Key, Term};
use explore::Run;
use show::walk::{COMMANDS, Go, Walk};
use std::io::{self, BufRead, IsTerminal};

/// Walks through a run until that is enough.
pub(crate) fn step(run: &Run) -> io::Result<()> {
    let mut walk = Walk::new(run);
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        let screen = Screen::open()?;
        return screen.walk(&mut walk);
    }
    print(&walk.text());
    for line in io::stdin().lock().lines() {
        match Go::parse(&line?) {
            Ok(Go::Quit) => break,
            Ok(go) => match walk.go(go) {
                Ok(()) => print(&format!("\n{}", walk.text())),
                Err(problem) => print(&format!("\n{problem}\n")),
            },
            Err(problem) => print(&format!("\n{problem}\n")),
        }
    }
    Ok(())
}

/// To a screen of its own, and back to what was there.
const ALTERNATE: [&str; 2] = ["\x1b[?1049h", "\x1b[?1049l"];

/// The terminal, which is put back as it was in the end.
struct Screen(Term);

impl Drop for Screen {
    fn drop(&mut self) {
        // Whoever closed the terminal does not need it back.
        let _ = self.0.show_cursor();
        let _ = self.0.write_str(ALTERNATE[1]);
        let _ = self.0.flush();
    }
}

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Faint,
    Bold,
    Here,
}

impl Look {
    /// How a terminal is told.
    fn code(self) -> &'static str {
        match self {
            Look::Plain => "",
            Look::Faint => "\x1b[2m",
            Look::Bold => "\x1b[1m",
            Look::Here => "\x1b[7m",
        }
    }
}

impl Screen {
    fn open() -> io::Result<Self> {
        let screen = Self(Term::buffered_stdout());
        screen.0.write_str(ALTERNATE[0])?;
        screen.0.hide_cursor()?;
        Ok(screen)
    }

    fn walk(&self, walk: &mut Walk) -> io::Result<()> {
        let (mut said, mut number) = (String::new(), None::<u64>);
        loop {
            let note = number.map_or_else(|| said.clone(), |number| format!("to event {number}"));
            self.draw(walk, &note)?;
            let key = self.0.read_key_raw()?;
            said.clear();
            let go = match (key, number) {
                (Key::Char(digit @ '0'..='9'), Some(so_far)) => {
                    let digit = digit.to_digit(10).map_or(0, u64::from);
                    number = Some(so_far.saturating_mul(10).saturating_add(digit));
                    continue;
                }
                (Key::Enter, Some(wanted)) => Go::To(wanted),
                (Key::Char('g'), _) => {
                    number = Some(0);
                    continue;
                }
                (Key::Escape, Some(_)) => {
                    number = None;
                    continue;
                }
                (Key::Char('q') | Key::Escape | Key::CtrlC, _) => Go::Quit,
                (Key::Char('n' | ' ') | Key::ArrowDown | Key::ArrowRight | Key::Enter, _) => Go::Next,
                (Key::Char('p') | Key::ArrowUp | Key::ArrowLeft, _) => Go::Back,
                (Key::Char('f'), _) => Go::Fault,
                (Key::Home, _) => Go::To(walk.events().first().map_or(0, |event| event.n)),
                (Key::End, _) => Go::To(walk.events().last().map_or(0, |event| event.n)),
                _ => continue,
            };
            number = None;
            if go == Go::Quit {
                return Ok(());
            }
            if let Err(problem) = walk.go(go) {
                said = problem;
            }
        }
    }

    /// The events on the left and the state on the right; one below the other where there is no room for both.
    fn draw(&self, walk: &Walk, note: &str) -> io::Result<()> {
        const ROOM_FOR_BOTH: usize = 100;
        let (height, width) = self.0.size();
        let (width, height) = (usize::from(width), usize::from(height).max(4));
        let rows = height - 2;
        self.0.clear_screen()?;
        if width >= ROOM_FOR_BOTH {
            let left = width / 2 - 1;
            self.column(0, 0, left, &events(walk, rows))?;
            self.column(left + 2, 0, width - left - 2, &state(walk, rows))?;
        } else {
            let upper = rows / 2;
            self.column(0, 0, width, &events(walk, upper))?;
            self.column(0, upper + 1, width, &state(walk, rows - upper - 1))?;
        }
        let last = if note.is_empty() { format!("{COMMANDS}; arrows, Home, End") } else { note.to_owned() };
        self.column(0, height - 1, width, &[(last, Look::Faint)])?;
        self.0.flush()
    }

    fn column(&self, x: usize, y: usize, width: usize, lines: &[(String, Look)]) -> io::Result<()> {
        for ((text, look), row) in lines.iter().zip(y..) {
            // Text of drivers may hold anything: what would move the cursor is not shown.
            let text: String = text
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .take(width)
                .collect();
            self.0.move_cursor_to(x, row)?;
            self.0.write_str(&format!("{}{text}\x1b[0m", look.code()))?;
        }
        Ok(())
    }
}

/// The events around the present one.
fn events(walk: &Walk, rows: usize) -> Vec<(String, Look)> {
    let from = walk.at().saturating_sub(rows / 2).min(walk.events().len().saturating_sub(rows));
    let shown = walk.events().iter().enumerate().skip(from).take(rows);
    let line = |(place, event): (usize, &show::walk::Event)| {
        let mark = if event.fault { '!' } else { ' ' };
        let look = match (place == walk.at(), event.fault) {
            (true, _) => Look::Here,
            (false, true) => Look::Bold,
            (false, false) => Look::Plain,
        };
        (format!("{:>5} {:>9} {mark} {event}", event.n, event.time), look)
    };
    shown.map(line).collect()
}

/// The state at the present event, and what the event changed.
fn state(walk: &Walk, rows: usize) -> Vec<(String, Look)> {
    let mut lines: Vec<_> = walk
        .state()
        .into_iter()
        .map(
            |(line, new)| {
                if new { (format!("* {line}"), Look::Bold) } else { (format!("  {line}"), Look::Plain) }
            },
        )
        .collect();
    let changed = walk.changed();
    if !changed.is_empty() {
        lines.push((String::new(), Look::Plain));
        lines.push(("changed by this event:".to_owned(), Look::Faint));
        lines.extend(changed.into_iter().map(|line| (format!("  {line}"), Look::Plain)));
    }
    lines.truncate(rows);
    lines
}
