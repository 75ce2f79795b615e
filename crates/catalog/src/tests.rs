use crate::families;

#[test]
fn every_file_parses() {
    assert!(families().len() > 5);
}
