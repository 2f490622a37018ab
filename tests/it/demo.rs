//! `docketpost demo`.
#[test]
fn tmp() {
    docketpost::demo::run(None).unwrap();
}
