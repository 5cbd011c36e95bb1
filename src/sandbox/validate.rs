//! Owns the check against the schemas, and how a finding becomes an element of `errors`.
//!
//! Pure: a parsed body goes in, problems come out.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::LocationSegment;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value as Json};

use super::SandboxError;
use super::endpoint::{SandboxFeed, Verb};

/// Why an item, or a whole request, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Position of the item in the request; `None` when the answer doesn't say.
    pub(crate) item_index: Option<usize>,
    /// Name of the field at fault.
    pub(crate) code: String,
    pub(crate) message: String,
    /// The input at fault, as text.
    pub(crate) value: String,
}

impl Problem {
    pub(crate) fn to_json(&self) -> Json {
        let mut body = Map::new();
        if let Some(index) = self.item_index {
            body.insert("itemIndex".to_owned(), index.into());
        }
        for (key, value) in
            [("code", &self.code), ("message", &self.message), ("value", &self.value)]
        {
            body.insert(key.to_owned(), value.as_str().into());
        }
        Json::Object(body)
    }
}

/// A value as text: a string without its quotes, anything else as JSON.
pub(crate) fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The compiled schemas.
pub(crate) struct Schemas {
    validators: BTreeMap<(SandboxFeed, Verb), Validator>,
}

impl Schemas {
    pub(crate) fn compile() -> Result<Self, SandboxError> {
        let mut validators = BTreeMap::new();
        for feed in SandboxFeed::ALL {
            for verb in Verb::ALL {
                validators.insert((feed, verb), compile(feed.schema(verb))?);
            }
        }
        Ok(Self { validators })
    }

    /// What is wrong with a body.
    pub(crate) fn check(&self, feed: SandboxFeed, verb: Verb, body: &Json) -> Vec<Problem> {
        let Some(validator) = self.validators.get(&(feed, verb)) else { return Vec::new() };
        validator.iter_errors(body).map(|error| problem(&error)).collect()
    }
}

fn compile((file, text): (&'static str, &str)) -> Result<Validator, SandboxError> {
    let schema: Json = serde_json::from_str(text)
        .map_err(|error| SandboxError::Schema { file, reason: error.to_string() })?;
    jsonschema::validator_for(&schema)
        .map_err(|error| SandboxError::Schema { file, reason: error.to_string() })
}

fn problem(error: &ValidationError<'_>) -> Problem {
    let cause = cause(error);
    let item_index = match error.instance_path().segments().next() {
        Some(LocationSegment::Index(index)) => Some(index),
        Some(LocationSegment::Property(_)) | None => None,
    };
    let kind = cause.kind();
    let (code, value) = if let Kind::Required { property } = kind {
        (text_of(property), String::new())
    } else if let Kind::AdditionalProperties { unexpected } = kind {
        let name = unexpected.first().cloned().unwrap_or_default();
        let value = cause.instance().get(&name).map(text_of).unwrap_or_default();
        (name, value)
    } else if let Kind::OneOfMultipleValid { .. } = kind {
        ("parentId".to_owned(), text_of(cause.instance()))
    } else {
        (field(cause), text_of(cause.instance()))
    };
    Problem { item_index, code, message: cause.masked().to_string(), value }
}

/// The last property name on the way to the value.
fn field(error: &ValidationError<'_>) -> String {
    let mut name = String::new();
    for segment in error.instance_path().segments() {
        if let LocationSegment::Property(property) = segment {
            name = property.into_owned();
        }
    }
    name
}

/// The finding that explains a failed choice: that of the alternative which came closest.
fn cause<'e>(error: &'e ValidationError<'e>) -> &'e ValidationError<'e> {
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return error;
    };
    let distance = |findings: &&Vec<ValidationError<'_>>| {
        let lacks = findings.iter().filter(|f| matches!(f.kind(), Kind::Required { .. })).count();
        (findings.len(), lacks)
    };
    let closest = context.iter().min_by_key(distance);
    closest.and_then(|findings| findings.first()).unwrap_or(error)
}
