//! What lets us in changes while the shop is followed: our number, our password, the certificate.

use aco_stream::decode::TableLayout;
use aco_stream::engine::EngineError;
use aco_stream::source::SourceError;

use crate::editions::shop;
use crate::followed::Followed;
use crate::interruptions::Trial;
use crate::servers::odd::Authority;
use crate::servers::{Flavour, OddServer, User, both_servers};

/// The error of a source that an operator must mend.
fn source_error(error: &EngineError) -> &SourceError {
    let EngineError::Source(error) = error else { panic!("{error:?}") };
    error
}

#[test]
fn second_process_with_the_same_number_takes_over_and_the_first_stops() {
    both_servers(|server| {
        let mut trial = Trial::started(server);
        let before = trial.proxy.connections();
        let mut second = Followed::new(TableLayout::Plain);
        second.start_at_once(&trial.params);
        let (error, hint) = trial.stopped("the same server_id");
        assert!(matches!(source_error(&error), SourceError::ServerIdTaken { .. }), "{error:?}");
        assert!(hint.contains("source.server_id"), "{hint}");
        trial.write_no_more();
        second.wait("the second goes on", Followed::is_open);
        second.assert_copy_equals(&trial.database, "the second");
        let made = trial.proxy.connections() - before;
        assert!(made <= 9, "{made} connections");
        second.stop().expect("nobody disturbs it");
    });
}

#[test]
fn second_process_of_another_shop_with_the_same_number_is_refused_or_takes_over() {
    both_servers(|server| {
        let mut trial = Trial::started(server);
        let other = shop(server, TableLayout::Plain);
        let mut params = trial.params.clone();
        params.database.clone_from(&other.schema);
        let mut second = Followed::new(TableLayout::Plain);
        second.start_at_once(&params);
        if server.flavour.is_mariadb() {
            let (error, _) = trial.stopped("the same server_id for another shop");
            assert!(matches!(source_error(&error), SourceError::ServerIdTaken { .. }), "{error:?}");
            second.wait("the second goes on", Followed::is_open);
            second.assert_copy_equals(&other, "the second");
            second.stop().expect("nobody disturbs it");
        } else {
            // Its replicas have names of their own, by which MySQL lists them.
            let error = second.join().expect_err("it is refused");
            let EngineError::Unfit { findings, .. } = &error else { panic!("{error:?}") };
            assert!(findings.iter().any(|finding| finding.check == "server_id"), "{findings:?}");
            trial.assert_nothing_is_lost("the first goes on");
        }
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
