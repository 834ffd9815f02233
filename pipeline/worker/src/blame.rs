//! Says whose it is when a registry does not take what it should.
//!
//! In: a fault of the client of registries. Out: [`Whose`]: the registry's or the network's, yours (a name, a setting, a credential), or ours.

use plan::Whose;
use registry::{ClientError, ClientFault};

use crate::Failure;

/// Whose a fault is.
pub(crate) fn whose(fault: &ClientFault) -> Whose {
    match fault {
        ClientFault::GaveUp { last, .. } => whose(last),
        ClientFault::Refused(refusal) => match refusal.status.as_u16() {
            // A request that no registry should get: that we send it is our mistake.
            400 | 406 | 411 | 412 | 415 | 416 => Whose::Defect,
            408 | 429 | 500.. if refusal.status.as_u16() != 501 => Whose::Upstream,
            _ => Whose::Policy,
        },
        ClientFault::Unreachable { .. }
        | ClientFault::Silent { .. }
        | ClientFault::Unexpected { .. }
        | ClientFault::Wrong { .. }
        | ClientFault::TooLarge { .. }
        | ClientFault::NoList { .. }
        | ClientFault::Contended { .. } => Whose::Upstream,
        _ => Whose::Policy,
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::new(whose(error.fault()), error)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_registry_that_is_away_is_upstreams_and_what_was_set_wrongly_is_yours() {
        let url = || "https://registry.example/v2/".to_owned();
        let away = ClientFault::Unreachable { url: url(), reason: "no route".to_owned() };
        let full = ClientFault::Local { what: "x".to_owned(), action: "read", reason: io::Error::other("x") };
        assert_eq!(whose(&ClientFault::GaveUp { attempts: 5, last: Box::new(away) }), Whose::Upstream);
        for fault in [ClientFault::PlainHttp { url: url() }, ClientFault::NoTls { url: url() }, full] {
            assert_eq!(whose(&fault), Whose::Policy, "{fault}");
        }
    }
}
