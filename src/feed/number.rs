//! Decimals as JSON numbers, without ever passing through float arithmetic.

use rust_decimal::Decimal;
use serde_json::{Number, Value as Json};

/// The number as JSON: an integer when it is integral, else its shortest decimal text.
pub(crate) fn number(decimal: Decimal) -> Json {
    let text = decimal.normalize().to_string();
    // A decimal's text is always a JSON number; as a string it would at least be seen and refused.
    serde_json::from_str::<Number>(&text).map_or(Json::String(text), Json::Number)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    fn check(decimal: &str, json: &str) {
        assert_eq!(number(Decimal::from_str(decimal).unwrap()).to_string(), json);
    }

    #[test]
    fn integral_decimals_are_integers() {
        check("12.000000", "12");
        check("100", "100");
        check("0.0000", "0");
        check("-3.00", "-3");
    }

    #[test]
    fn fractions_lose_trailing_zeros_and_nothing_else() {
        check("12.500000", "12.5");
        check("0.1", "0.1");
        check("19.990000", "19.99");
        check("99999999.999999", "99999999.999999");
    }
}
