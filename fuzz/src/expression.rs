//! An expression that is read is written so that the same one is read again.

use dbtool::model::expression::canonical::canonical;
use dbtool::model::expression::implies::implies;
use dbtool::model::expression::parse;
use dbtool::model::expression::write::portable;

/// The text as an expression.
pub fn law(text: &str) {
    let tree = match parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error:?}");
            return;
        }
    };
    let written = portable(&tree);
    assert_eq!(parse(&written).as_ref(), Ok(&tree), "{written}");
    let form = canonical(&tree);
    assert_eq!(canonical(&form), form, "{written}");
    assert!(implies(&tree, &tree), "{written}");
}
