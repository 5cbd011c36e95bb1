//! Whether a request may leave, asked at the last moment, and by which name its sender is known.
//!
//! Between the decision to send and the first byte on the wire there is a token to be fetched and a
//! connection to be made; a process may also be frozen in between. So the body itself asks: it gives
//! nothing away unless the permit holds, and a request that has begun breaks off when it ends.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Bytes that leave on one word of the permit.
const PIECE_BYTES: usize = 32 << 10;

/// The right to send, as it stands at the moment it is asked for.
#[derive(Clone)]
pub struct Permit(Arc<dyn Fn() -> bool + Send + Sync>);

impl Permit {
    /// A permit that `holds` is asked about.
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// The permit of a process that nobody shares the tenant with.
    pub fn always() -> Self {
        Self::new(|| true)
    }

    /// Whether something may be sent now.
    pub fn holds(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

/// The name of this process: drawn at its start, on every request as part of the user agent, and in
/// the log when it begins to deliver. It says nothing about the machine or the account.
pub fn instance() -> &'static str {
    static INSTANCE: LazyLock<String> =
        LazyLock::new(|| format!("{:016x}", RandomState::new().hash_one(())));
    &INSTANCE
}

/// A request was not sent, or broke off.
#[derive(Debug, thiserror::Error)]
#[error("this process no longer delivers: another one may")]
pub(super) struct Forbidden;

/// A body that leaves only while the permit holds.
pub(super) struct PermittedBody {
    rest: Bytes,
    permit: Permit,
}

impl PermittedBody {
    pub(super) fn new(body: Bytes, permit: Permit) -> Self {
        Self { rest: body, permit }
    }
}

impl Body for PermittedBody {
    type Data = Bytes;
    type Error = Forbidden;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Forbidden>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if !self.permit.holds() {
            return Poll::Ready(Some(Err(Forbidden)));
        }
        let count = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(count);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}
