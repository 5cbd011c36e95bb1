//! What lets us in changes while the shop is followed: our number, our password, the certificate.

use aco_stream::decode::TableLayout;
use aco_stream::engine::EngineError;
use aco_stream::source::SourceError;

use crate::editions::shop;
use crate::followed::Followed;
use crate::interruptions::Trial;
use crate::servers::odd::Authority;
use crate::servers::{Database, Flavour, OddServer, User, both_servers};

/// The error of a source that an operator must mend.
fn source_error(error: &EngineError) -> &SourceError {
    let EngineError::Source(error) = error else { panic!("{error:?}") };
    error
}

/// Another process follows `shop` with the number of the first: one of the two stops and says why, and
/// the other goes on.
fn two_with_the_same_number(trial: &mut Trial, shop: Option<&Database>) {
    let before = trial.proxy.connections();
    let mut second = Followed::new(TableLayout::Plain);
    let mut params = trial.params.clone();
    if let Some(shop) = shop {
        params.database.clone_from(&shop.schema);
    }
    second.start_at_once(&params);
    trial.watch("one stops", |trial| trial.followed.has_ended() || second.has_ended());
    let made = trial.proxy.connections() - before;
    eprintln!("{made} connections");
    assert!(made <= 60, "{made} connections");
    if second.has_ended() {
        let error = second.stop().expect_err("it ended by itself");
        let hint = error.hints().join("; ");
        assert!(error.to_string().contains("server_id"), "{error}");
        assert!(hint.contains("server_id"), "{hint}");
        trial.assert_nothing_is_lost("the first goes on");
    } else {
        let (error, hint) = trial.stopped("the same server_id");
        assert!(matches!(source_error(&error), SourceError::ServerIdTaken { .. }), "{error:?}");
        assert!(hint.contains("source.server_id"), "{hint}");
        trial.write_no_more();
        second.wait("the second goes on", Followed::is_open);
        second.assert_copy_equals(shop.unwrap_or(&trial.database), "the second");
        second.stop().expect("nobody disturbs it");
    }
}

#[test]
fn one_of_two_processes_with_the_same_number_stops() {
    both_servers(|server| two_with_the_same_number(&mut Trial::started(server), None));
}

#[test]
fn one_of_two_processes_of_different_shops_with_the_same_number_stops() {
    both_servers(|server| {
        let other = shop(server, TableLayout::Plain);
        two_with_the_same_number(&mut Trial::started(server), Some(&other));
    });
}

/// Cuts the connections: following ends by itself, and does not knock again and again.
fn stopped_after_a_cut(trial: &mut Trial, what: &str) -> (EngineError, String) {
    let before = trial.proxy.connections();
    trial.proxy.cut();
    let (error, hint) = trial.stopped(what);
    let made = trial.proxy.connections() - before;
    assert!(made <= 2, "{what}: {made} connections");
    (error, hint)
}

fn what_lets_us_in_changes(flavour: Flavour) {
    let Some(odd) = OddServer::start(flavour, &[]) else { return };
    eprintln!("on {} {}", odd.server.flavour.name(), odd.server.version);
    let mut trial = Trial::started(&odd.server);
    let before = trial.proxy.connections();

    trial.root().exec(
        "SET PASSWORD FOR cdc@'%' = 'another secret'"
            .replace(
                "'another secret'",
                if flavour.is_mariadb() {
                    "PASSWORD('another secret')"
                } else {
                    "'another secret'"
                },
            )
            .as_str(),
    );
    trial.assert_nothing_is_lost("the connection outlives its password");
    assert_eq!(trial.proxy.connections(), before, "nothing was connected anew");
    let (error, hint) = stopped_after_a_cut(&mut trial, "another password");
    assert!(matches!(source_error(&error), SourceError::CredentialsRefused { .. }), "{error:?}");
    assert!(hint.contains("ACO_STREAM_SOURCE_PASSWORD"), "{hint}");
    trial.params.password = Some("another secret".to_owned().into());
    trial.follow();

    odd.replace_certificate(Authority::Ours);
    odd.reload_certificate();
    trial.interrupt("a new certificate", 3, |trial| trial.proxy.cut());
    odd.replace_certificate(Authority::Wrong);
    odd.reload_certificate();
    trial.assert_nothing_is_lost("the connection outlives its certificate");
    let (error, hint) = stopped_after_a_cut(&mut trial, "a certificate of another authority");
    assert!(matches!(source_error(&error), SourceError::TlsRefused { .. }), "{error:?}");
    assert!(hint.contains("source.tls_ca_file"), "{hint}");
    trial.params.tls_ca_file = Some(odd.server.wrong_ca_file.clone());
    trial.follow();
    trial.assert_nothing_is_lost("the other authority is trusted");
    let user = User::Cdc.name();
    trial.root().exec(&format!("DROP USER {user}@'%'"));
    let (error, _) = stopped_after_a_cut(&mut trial, "the account is gone");
    assert!(matches!(source_error(&error), SourceError::CredentialsRefused { .. }), "{error:?}");
}

#[test]
fn password_and_certificate_change_while_following_on_mariadb_10_11() {
    what_lets_us_in_changes(Flavour::MariaDb);
}

#[test]
fn password_and_certificate_change_while_following_on_mariadb_11_8() {
    what_lets_us_in_changes(Flavour::MariaDb118);
}

#[test]
fn password_and_certificate_change_while_following_on_mysql_9_7() {
    what_lets_us_in_changes(Flavour::MySql);
}
