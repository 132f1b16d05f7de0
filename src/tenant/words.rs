//! Words that the guard knows: the functions that it lets through, and the words that begin
//! something else.

/// Functions that compute a value from their arguments, or from the rows of a group or window, and
/// read nothing else; case does not count. Not among them, on purpose: whatever reads a table,
/// the catalog or a file by the name in its argument, or runs text.
const FUNCTIONS: &str = "\
    abs acos ascii asin atan atan2 atn2 avg ceil ceiling char char_length charindex \
    checksum_agg choose coalesce concat concat_ws cos cot count count_big cume_dist \
    current_date current_time current_timestamp date date_bucket dateadd datediff datediff_big \
    datefromparts datename datepart datetime datetime2fromparts datetrunc day degrees \
    dense_rank difference eomonth exp first_value floor format getdate getutcdate glob \
    greatest group_concat grouping hashbytes hex ifnull iif instr isdate isjson isnull \
    isnumeric json_array json_array_length json_arrayagg json_extract json_group_array \
    json_group_object json_insert json_modify json_object json_objectagg json_patch \
    json_path_exists json_query json_quote json_remove json_replace json_set json_type \
    json_valid json_value julianday lag last_value lead least left len length ln log log10 \
    lower ltrim max min month nchar newid nth_value ntile nullif patindex percent_rank \
    percentile_cont percentile_disc pi pow power printf quote quotename radians random rank \
    replace replicate reverse right round row_number rtrim sign sin soundex space sqrt square \
    stdev stdevp str strftime string_agg string_escape stuff substr substring sum switchoffset \
    sysdatetime sysdatetimeoffset sysutcdatetime tan time timediff todatetimeoffset total \
    translate trim typeof unhex unicode unixepoch upper var varp year";

/// Functions that run text or read what another server or file holds: the message names them.
const DYNAMIC: &str = "\
    openquery openrowset opendatasource openxml openjson load_extension readfile writefile \
    eval edit fts3_tokenizer";

/// Words with which T-SQL begins another statement or clause. Where one of them stands in the place
/// of an alias, the server may see the end of the statement.
const RESERVED: &str = "\
    add all alter and any as asc authorization backup begin between break browse bulk by \
    cascade case check checkpoint close clustered coalesce collate column commit compute \
    constraint contains containstable continue convert create cross current current_date \
    current_time current_timestamp current_user cursor database dbcc deallocate declare \
    default delete deny desc disable disk distinct distributed double drop dump else enable \
    end errlvl escape except exec execute exists exit external fetch file fillfactor for \
    foreign freetext freetexttable from full function get go goto grant group having holdlock \
    identity identity_insert identitycol if in index inner insert intersect into is join key \
    kill left like lineno load merge move national nocheck nonclustered not null nullif of off \
    offset offsets on open opendatasource openquery openrowset openxml option or order outer \
    output over percent pivot plan precision primary print proc procedure public raiserror \
    read readtext receive reconfigure references replication restore restrict return revert \
    revoke right rollback rowcount rowguidcol rule save schema securityaudit select send \
    semantickeyphrasetable semanticsimilaritydetailstable semanticsimilaritytable session_user \
    set setuser shutdown some statistics system_user table tablesample textsize then throw to \
    top tran transaction trigger truncate try_convert tsequal union unique unpivot update \
    updatetext use user values varying view waitfor when where while with within writetext";

pub(super) fn is_function(name: &str) -> bool {
    among(FUNCTIONS, name)
}

pub(super) fn is_dynamic(name: &str) -> bool {
    among(DYNAMIC, name)
}

pub(super) fn is_reserved(word: &str) -> bool {
    among(RESERVED, word)
}

fn among(words: &str, word: &str) -> bool {
    words
        .split_whitespace()
        .any(|known| known.eq_ignore_ascii_case(word))
}
