//! The rules for adds to a name that moves from one table to another meanwhile.
//!
//! The rules of `check_add` also apply to these adds. They identify a duplication by the id of its table, not
//! by its name.

use pegasus_dup::server::Event;
use pegasus_dup::server::store::RecordChange;
use pegasus_dup::{Duplication, DuplicationSpec};

use super::check_table::Tables;
use super::plan::{OTHER_TABLE, TABLE};
use super::trace::{Ended, Line, Written};
use super::truth::Whole;

/// An outcome of an add with everything that the rules need.
struct Named<'a> {
    tables: &'a Tables<'a>,
    whole: &'a Whole<'a>,
    spec: &'a DuplicationSpec,
    value: &'a Duplication,
}

pub(crate) fn check<'a>(tables: &'a Tables<'a>, whole: &'a Whole<'a>, wrong: &mut Vec<String>) {
    let Some(spec) = tables.truth.log.calls[whole.call].adds() else { return };
    // The names of these tables do not move.
    if [TABLE, OTHER_TABLE].contains(&&*spec.table) {
        return;
    }
    let Ended::Add(Ok(outcome)) = whole.how else { return };
    let named = Named { tables, whole, spec, value: outcome.value() };
    let mut found = Vec::new();
    named.as_requested(&mut found);
    named.existed(&mut found);
    named.had_the_name(&mut found);
    wrong.extend(found.into_iter().map(|what| format!("call {}: {what}", whole.call)));
}

impl Named<'_> {
    /// Checks that the outcome is about the requested name and cluster.
    fn as_requested(&self, wrong: &mut Vec<String>) {
        if self.value.table != self.spec.table || self.value.cluster != self.spec.cluster {
            wrong.push("the outcome is about another table or cluster than requested".to_owned());
        }
    }

    /// Checks that the table with that id had a duplication with that dupid to that cluster before the call
    /// ended.
    fn existed(&self, wrong: &mut Vec<String>) {
        let lines = &self.tables.truth.log.lines[..self.whole.ends];
        let existed = lines.iter().any(|written| match &written.line {
            Line::Kept(RecordChange::Put { table_id, record }) => {
                *table_id == self.value.table_id
                    && record.dupid == self.value.dupid
                    && record.cluster == self.value.cluster
            }
            _ => false,
        });
        if !existed {
            wrong.push(format!(
                "table {} never had the duplication {} to {}",
                self.value.table_id, self.value.dupid, self.value.cluster
            ));
        }
    }

    /// Checks that the requested name belonged to the table with that id at some time during the call.
    fn had_the_name(&self, wrong: &mut Vec<String>) {
        let had = |line| {
            let stored = self.tables.stored_at(line);
            stored
                .get(&self.value.table_id)
                .is_some_and(|table| table.name == self.spec.table && !table.dropped)
        };
        // A server uses a new name while it stores the name.
        let lines = &self.tables.truth.log.lines;
        let becomes = lines[..self.whole.ends].iter().enumerate().any(|(line, written)| {
            let Line::Server { event: Event::Storing { change, .. }, .. } = &written.line else {
                return false;
            };
            let RecordChange::PutTable { record } = change else { return false };
            let stored =
                |written: &Written| matches!(&written.line, Line::Kept(kept) if kept == change);
            record.id == self.value.table_id
                && record.name == self.spec.table
                && !record.dropped
                && !lines[..self.whole.begins].iter().skip(line).any(stored)
        });
        let misled = self.tables.was_misled(self.whole.call);
        if !misled && !becomes && !(self.whole.begins..=self.whole.ends).any(had) {
            wrong.push(format!(
                "table {} was never called {} during the call",
                self.value.table_id, self.spec.table
            ));
        }
    }
}
