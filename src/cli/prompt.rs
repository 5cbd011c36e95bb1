//! Asking for a secret: without echo on a terminal, else one line of stdin.

use std::io::{self, Write as _};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr,
};
use secrecy::SecretString;

/// What Ctrl-C sends when it makes no signal.
const CTRL_C: u8 = 3;

/// The next line of stdin, without its end; empty at the end of the input. On a terminal `question`
/// is shown and the answer is not.
///
/// # Errors
/// Stdin can't be read, or Ctrl-C was pressed.
pub(crate) fn secret(question: &str) -> io::Result<SecretString> {
    let stdin = io::stdin();
    if !isatty(&stdin) {
        return line(stdin.lock());
    }
    let shown = tcgetattr(&stdin)?;
    tcsetattr(&stdin, OptionalActions::Flush, &hidden(&shown))?;
    let answer = write!(io::stderr().lock(), "{question}: ")
        .and_then(|()| io::stderr().flush())
        .and_then(|()| line(stdin.lock()));
    // Also after an error: a terminal without echo looks dead.
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    answer
}

/// No echo but for the line's end; Ctrl-C ends the line, for a signal would end the process and leave
/// the terminal as it is.
fn hidden(shown: &Termios) -> Termios {
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
    hidden.local_modes.insert(LocalModes::ECHONL);
    hidden.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
    hidden
}

fn line(input: impl io::BufRead) -> io::Result<SecretString> {
    let mut line = Vec::new();
    for byte in input.bytes() {
        match byte? {
            b'\n' => break,
            CTRL_C => return Err(io::Error::other("it was interrupted")),
            byte => line.push(byte),
        }
    }
    let line = String::from_utf8(line).map_err(io::Error::other)?;
    Ok(SecretString::from(line.trim_end_matches('\r').to_owned()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn one_line_is_the_answer_and_ctrl_c_is_none() {
        for (input, answer) in [("s3cret\nmore\n", "s3cret"), (" s3 \r\n", " s3 "), ("", "")] {
            let read = line(input.as_bytes()).unwrap();
            assert_eq!(read.expose_secret(), answer, "{input:?}");
        }
        let error = line("s3c\u{3}t\n".as_bytes()).unwrap_err();
        assert!(error.to_string().contains("interrupted"), "{error}");
    }
}
