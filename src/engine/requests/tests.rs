//! Tests of the request log's files.

use super::*;

fn line(nth: u32) -> RequestLine {
    RequestLine {
        sent_at: Timestamp::from_second(i64::from(nth)).unwrap().to_string(),
        elapsed_ms: 5,
        feed: "products".to_owned(),
        verb: "replace".to_owned(),
        code: 200,
        verdict: "accepted".to_owned(),
        message: String::new(),
        request_id: format!("r-{nth}"),
        items: vec![RequestItem {
            key: vec!["sku".to_owned(), "de".to_owned()],
            digest: Some("ab".to_owned()),
            message: None,
            body: None,
        }],
    }
}

fn params(directory: &Path) -> RequestLogParams {
    let directory = directory.join("requests");
    RequestLogParams { directory, file_bytes_max: 1000, files_max: 3, has_bodies: false }
}

fn read(params: &RequestLogParams) -> (Vec<String>, u64) {
    let mut ids = Vec::new();
    let odd = read_requests(&params.directory, &mut |line| {
        ids.push(line.request_id);
        Ok(())
    });
    (ids, odd.unwrap())
}

#[test]
fn files_are_rotated_by_size_and_the_oldest_go() {
    let directory = tempfile::tempdir().unwrap();
    let params = params(directory.path());
    assert_eq!(read(&params), (vec![], 0), "no log yet");
    let mut log = RequestLog::new(params.clone());
    (0..100).for_each(|nth| log.add(&line(nth)));
    let files = files(&params.directory).unwrap();
    assert_eq!(files.len(), 3);
    for (_, path) in &files {
        let metadata = std::fs::metadata(path).unwrap();
        assert!(metadata.len() <= 1000, "{}", metadata.len());
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o600);
    }
    let (ids, odd) = read(&params);
    assert_eq!((ids.last().unwrap().as_str(), odd), ("r-99", 0));
    let first: u32 = ids[0].strip_prefix("r-").unwrap().parse().unwrap();
    let expected: Vec<String> = (first..100).map(|nth| format!("r-{nth}")).collect();
    assert_eq!(ids, expected, "without gaps");
}

#[test]
fn another_process_goes_on_behind_a_torn_line() {
    let directory = tempfile::tempdir().unwrap();
    let params = params(directory.path());
    RequestLog::new(params.clone()).add(&line(1));
    let (_, path) = files(&params.directory).unwrap().pop().unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], &whole[..40]].concat()).unwrap();
    RequestLog::new(params.clone()).add(&line(2));
    assert_eq!(read(&params), (vec!["r-1".to_owned(), "r-2".to_owned()], 1));
}

#[test]
fn trouble_with_the_log_is_without_consequence() {
    let directory = tempfile::tempdir().unwrap();
    let params = params(directory.path());
    std::fs::write(&params.directory, "a file in its place").unwrap();
    let mut log = RequestLog::new(params.clone());
    log.add(&line(1));
    std::fs::remove_file(&params.directory).unwrap();
    log.add(&line(2));
    assert_eq!(read(&params), (vec!["r-2".to_owned()], 0));
}
