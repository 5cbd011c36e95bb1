//! SQL text to words, as far as finding table names needs it.

/// A part of a statement. Comments and white space are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A bare word: keyword, name or number.
    Word(String),
    /// A quoted name. Double quotes count too: they quote names under `ANSI_QUOTES`.
    Quoted(String),
    /// A string in single quotes.
    Text,
    /// Any other character.
    Sign(char),
}

impl Token {
    /// Whether this is that keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// The name, if it can be one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            Self::Text | Self::Sign(_) => None,
        }
    }
}

/// Takes a statement apart. The contents of executable comments (`/*!50100 … */`, `/*M! … */`) count
/// as part of the statement.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if letter.is_whitespace() => {}
            '#' => skip_line(&mut letters),
            '-' if letters.peek() == Some(&'-') => skip_line(&mut letters),
            '/' if letters.peek() == Some(&'*') => {
                letters.next();
                skip_comment(&mut letters);
            }
            // The end of an executable comment.
            '*' if letters.peek() == Some(&'/') => {
                letters.next();
            }
            '\'' => {
                quoted(&mut letters, letter);
                found.push(Token::Text);
            }
            '`' | '"' => found.push(Token::Quoted(quoted(&mut letters, letter))),
            _ if is_word(letter) => {
                let mut word = String::from(letter);
                while let Some(next) = letters.next_if(|next| is_word(*next)) {
                    word.push(next);
                }
                found.push(Token::Word(word));
            }
            sign => found.push(Token::Sign(sign)),
        }
    }
    found
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

fn skip_line(letters: &mut Letters<'_>) {
    letters.find(|letter| *letter == '\n');
}

/// Passes over a comment, or over the opening of an executable one.
fn skip_comment(letters: &mut Letters<'_>) {
    letters.next_if_eq(&'M');
    if letters.next_if_eq(&'!').is_some() {
        while letters.next_if(char::is_ascii_digit).is_some() {}
        return;
    }
    let mut last = ' ';
    letters.find(|letter| std::mem::replace(&mut last, *letter) == '*' && *letter == '/');
}

/// What stands before the closing quote; a doubled quote stands for itself.
fn quoted(letters: &mut Letters<'_>, quote: char) -> String {
    let mut content = String::new();
    while let Some(letter) = letters.next() {
        if letter == '\\' && quote != '`' {
            content.extend(letters.next());
        } else if letter != quote || letters.next_if_eq(&quote).is_some() {
            content.push(letter);
        } else {
            break;
        }
    }
    content
}
