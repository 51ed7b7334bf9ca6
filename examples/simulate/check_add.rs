//! The rules for the results of adds, and for what an add in safe mode may do.

use pegasus_dup::protocol::messages::{AddResponse, Entry, GetMaxReplicaCount, Rpc};
use pegasus_dup::server::store::RecordChange;
use pegasus_dup::server::{Behaviour, Event};
use pegasus_dup::{
    Duplication, DuplicationSpec, Error, ErrorCode, ErrorKind, Evidence, Mode, Outcome,
};

use super::check_compared;
use super::plan::Who;
use super::trace::{Ended, Line, Told};
use super::truth::{Got, Making, Sent, Truth, Whole};

/// How long nothing must be listed after a disturbance, in milliseconds.
const QUIET_MS: u64 = 2_000;
/// How long before its deadline a call may end because no further read fits into the time, in
/// milliseconds.
const LAST_PAUSE_MS: u64 = 2;

/// An add with everything that the rules need.
struct Add<'a> {
    truth: &'a Truth<'a>,
    whole: &'a Whole<'a>,
    spec: &'a DuplicationSpec,
    mode: Mode,
    sent: Vec<Sent<'a>>,
}

pub(crate) fn check<'a>(truth: &'a Truth<'a>, whole: &'a Whole<'a>, wrong: &mut Vec<String>) {
    let call = &truth.log.calls[whole.call];
    let (Some(spec), Some(mode)) = (call.adds(), truth.plan.actors[call.who].who.mode()) else {
        return;
    };
    let sent = truth.adds_of(whole.call).copied().collect();
    let add = Add { truth, whole, spec, mode, sent };
    let mut found = Vec::new();
    match whole.how {
        Ended::Add(Ok(outcome)) => add.outcome(outcome, &mut found),
        Ended::Add(Err(error)) => add.error(error, &mut found),
        Ended::GaveUp => {}
        _ => found.push("the result is not that of an add".to_owned()),
    }
    add.makings(&mut found);
    add.sent_once(&mut found);
    add.asked_first(&mut found);
    add.changes_nothing(&mut found);
    if truth.plan.is_calm() {
        add.calm(&mut found);
    }
    wrong.extend(found.into_iter().map(|what| format!("call {}: {what}", whole.call)));
}

impl<'a> Add<'a> {
    fn own_makings(&self) -> impl Iterator<Item = &'a Making> + '_ {
        self.truth.makings.iter().filter(|making| making.call == Some(self.whole.call))
    }

    fn outcome(&self, outcome: &Outcome<Duplication>, wrong: &mut Vec<String>) {
        let value = outcome.value();
        if outcome.created() {
            self.made_as_asked(value, wrong);
        }
        match outcome {
            Outcome::Created { evidence: Evidence::ServerSaidSo, .. } => {
                // The creation time may be that of a successor.
                let made = self.own_makings().any(|making| {
                    making.kept.is_some()
                        && making.table_id == value.table_id
                        && making.record.dupid == value.dupid
                });
                if !made {
                    wrong.push(
                        "a certain Created, but the add created no duplication with that dupid"
                            .to_owned(),
                    );
                }
            }
            Outcome::Created { .. } => {
                self.not_there_before(value, wrong);
                self.stored(value, wrong);
                if self.sent.is_empty() {
                    wrong.push("Created, but nothing was sent".to_owned());
                }
            }
            Outcome::AlreadyExists { evidence, .. } => {
                self.stored(value, wrong);
                let mut makers = self.truth.makings_of(value).peekable();
                let only_own = makers.peek().is_some()
                    && makers.all(|making| making.call == Some(self.whole.call));
                if only_own && !self.truth.was_there_before(value) {
                    wrong.push(
                        "AlreadyExists, but only this call created the duplication".to_owned(),
                    );
                }
                if *evidence == Evidence::ListedBefore && !self.all_refused() {
                    wrong.push("listed_before, but an add was sent".to_owned());
                }
            }
        }
        check_compared::check(self.truth, self.whole, self.spec, outcome, wrong);
        self.as_answered(Ok(outcome), wrong);
        self.two_are_told(outcome, wrong);
    }

    /// Returns whether every response to an add of this call says that nothing was done.
    fn all_refused(&self) -> bool {
        self.sent.iter().all(|add| {
            let answer = self.truth.answer_to(add.request, self.whole.ends);
            answer.is_some_and(|got| got.what.not_applied())
        })
    }

    fn error(&self, error: &Error, wrong: &mut Vec<String>) {
        if error.kind() == ErrorKind::OutcomeUnknown && self.sent.is_empty() {
            wrong.push("OutcomeUnknown, but nothing was sent".to_owned());
        }
        self.as_answered(Err(error), wrong);
        self.out_of_the_queue(error, wrong);
    }

    /// Checks that an add which is reported to have left the queue was not executed later.
    fn out_of_the_queue(&self, error: &Error, wrong: &mut Vec<String>) {
        if !error.message().contains("handled two requests that were sent after the add") {
            return;
        }
        let left = self.sent.last().and_then(|add| self.left_the_queue(add));
        let Some(left) = left else {
            wrong.push("the queue was not checked, but the error says so".to_owned());
            return;
        };
        if self.own_makings().any(|making| making.line > left) {
            wrong.push("the add was executed after it had left the queue".to_owned());
        }
    }

    /// Returns the line at which two requests from the same queue, sent behind the add over its connection,
    /// had their responses.
    fn left_the_queue(&self, add: &Sent<'a>) -> Option<usize> {
        let same = |request: (usize, u64, i32)| {
            (request.0, request.1) == (add.request.0, add.request.1) && request.2 > add.request.2
        };
        let mut responses = self.truth.got[self.whole.call].iter().filter(|got| {
            let queued = matches!(got.what, Told::Other { rpc, err, .. }
                if rpc == GetMaxReplicaCount::NAME
                    && matches!(err, ErrorCode::Ok | ErrorCode::AppNotExist));
            same(got.request) && queued && got.line < self.whole.ends
        });
        responses.nth(1).map(|got| got.line)
    }

    /// Checks that the reported duplication was stored at some time.
    fn stored(&self, value: &Duplication, wrong: &mut Vec<String>) {
        if !self.truth.was_stored(value, self.whole.ends) {
            wrong.push("the reported duplication was never stored".to_owned());
        }
    }

    /// Checks that a duplication that is reported as Created goes to the requested remote table,
    /// whatever the server reports about it.
    ///
    /// An old leader ignores the stored name of the remote table and uses the table's own name. This
    /// also applies to duplications that a newer server of the same group has stored.
    fn made_as_asked(&self, value: &Duplication, wrong: &mut Vec<String>) {
        let wanted = self.spec.wanted_remote_table();
        let count = self.spec.remote_replica_count.filter(|&count| count != 0);
        let mut makings = self.truth.makings_of(value).peekable();
        let known = makings.peek().is_some();
        let stored_so = makings.any(|making| {
            making.record.remote_table == wanted
                && count.is_none_or(|count| making.record.remote_replica_count == count)
        });
        let shipped_so = check_compared::keeps_own_name(self.truth, self.whole)
            && wanted == self.spec.table
            && count.is_none_or(|count| {
                count == check_compared::replicas_of(self.truth, value.table_id)
            });
        if known && !stored_so && !shipped_so {
            wrong.push("Created, but not as requested".to_owned());
        }
    }

    /// Returns whether something was requested that the listed entry does not report.
    fn untold(&self, entry: &Entry) -> bool {
        let count = self.spec.remote_replica_count.is_some_and(|count| count != 0);
        (self.spec.wanted_remote_table() != self.spec.table && entry.remote_app_name.is_none())
            || (count && entry.remote_replica_count.is_none())
    }

    /// Returns whether an entry differs from the request in the way of a server that ignored its
    /// remote table and replica count.
    fn ignored(&self, entry: &Entry) -> bool {
        let name = entry.remote_app_name.as_deref();
        let count = self.spec.remote_replica_count.filter(|&count| count != 0);
        name.is_none_or(|name| name == self.spec.table)
            && (name.is_some_and(|name| name != self.spec.wanted_remote_table())
                || count.zip(entry.remote_replica_count).is_some_and(|(asked, has)| asked != has))
    }

    /// Checks that a Created did not exist before the call, unless the server could not know about
    /// it.
    fn not_there_before(&self, value: &Duplication, wrong: &mut Vec<String>) {
        let made_since = self.truth.makings_of(value).any(|making| making.line > self.whole.begins);
        let misled = self.sent.last().and_then(|add| self.last_asking(add)).is_some_and(|asking| {
            let (meta, ..) = asking.request;
            let taken = self.truth.taken.get(&asking.request).map_or(asking.line, |taken| taken.0);
            self.truth.misled(meta, taken) || self.truth.misled(meta, asking.line)
        });
        if !made_since && !misled {
            wrong.push("Created, but the duplication existed before the call".to_owned());
        }
    }

    /// Checks that a call that created a duplication reports it, or reports that the outcome is
    /// unknown.
    fn makings(&self, wrong: &mut Vec<String>) {
        let kept = self.own_makings().filter(|making| making.kept.is_some());
        for making in kept {
            let answered = self.sent.iter().any(|add| {
                self.truth.answer_to(add.request, self.whole.ends).is_some_and(|got| {
                    matches!(got.what, Told::Add(told) if !told.err.says_not_applied())
                        && self.timely(add, got)
                })
            });
            let tells = matches!(
                self.truth.plan.behaviours[making.meta],
                Behaviour::DupExist | Behaviour::Idempotent
            );
            let fine = match self.whole.how {
                Ended::GaveUp | Ended::Add(Ok(Outcome::Created { .. })) => true,
                Ended::Add(Ok(Outcome::AlreadyExists { .. })) => !(tells && answered),
                Ended::Add(Err(error)) => error.kind() == ErrorKind::OutcomeUnknown,
                _ => false,
            };
            if !fine {
                wrong.push(format!(
                    "the call created {}, but does not report it",
                    making.record.dupid
                ));
            }
        }
    }

    /// Checks that an add was sent again only after a response that says that nothing was done.
    fn sent_once(&self, wrong: &mut Vec<String>) {
        for pair in self.sent.windows(2) {
            let answer = self.truth.answer_to(pair[0].request, pair[1].line);
            if !answer.is_some_and(|got| got.what.not_applied()) {
                wrong.push(
                    "the add was sent again, although the first may have had an effect".to_owned(),
                );
            }
        }
    }

    /// Returns the latest response before the add that lists duplications.
    fn last_asking(&self, add: &Sent<'a>) -> Option<&Got<'a>> {
        self.truth.got[self.whole.call]
            .iter()
            .rev()
            .find(|got| got.line < add.line && tells(got).is_some())
    }

    /// Checks that the last response on the connection of the add listed no duplication. After a
    /// disturbance within the call, two responses with enough time between them must have done so.
    fn asked_first(&self, wrong: &mut Vec<String>) {
        for add in &self.sent {
            let over = |request: (usize, u64, i32)| (request.0, request.1);
            let askings: Vec<&Got<'a>> = self.truth.got[self.whole.call]
                .iter()
                .filter(|got| {
                    got.line < add.line
                        && tells(got).is_some()
                        && over(got.request) == over(add.request)
                })
                .collect();
            let absent = |got: &&&Got<'a>| {
                tells(got).is_some_and(|entries| there(entries, self.spec).next().is_none())
            };
            let disturbed = self.disturbed_before(add);
            if self.mode == Mode::Direct && !disturbed {
                continue;
            }
            let last = askings.last();
            if self.mode == Mode::Direct && last.is_some_and(|got| !absent(&got)) {
                // A direct add may change the existing duplication; this is documented.
                continue;
            }
            if !last.is_some_and(|got| absent(&got))
                || self.last_asking(add).map(|got| over(got.request)) != Some(over(add.request))
            {
                wrong.push("the call did not read just before on the same connection".to_owned());
                continue;
            }
            let quiet = askings
                .iter()
                .rev()
                .take_while(absent)
                .any(|first| last.is_some_and(|last| last.ms - first.ms >= QUIET_MS));
            if disturbed && !quiet {
                wrong.push(
                    "after a disturbance, the call did not read twice with enough time between"
                        .to_owned(),
                );
            }
        }
    }

    /// Returns whether something within the call showed that there may be a new leader.
    fn disturbed_before(&self, add: &Sent<'a>) -> bool {
        let over = (add.request.0, add.request.1);
        let refused = self.truth.got[self.whole.call].iter().any(|got| {
            got.line < add.line
                && (got.what.not_applied()
                    || match got.what {
                        Told::Other { err, names_leader, .. } => {
                            err.says_not_applied()
                                && !(*err == ErrorCode::ForwardToOthers && *names_leader)
                        }
                        _ => false,
                    })
        });
        let elsewhere = self.truth.sent[self.whole.call].iter().any(|sent| {
            use super::trace::Asked;
            sent.line < add.line
                && (sent.request.0, sent.request.1) != over
                && matches!(sent.what, Asked::Add(_) | Asked::Table { .. })
        });
        refused || elsewhere
    }

    /// Checks that an add in safe mode changes no duplication, except one that was created after
    /// the read.
    fn changes_nothing(&self, wrong: &mut Vec<String>) {
        if self.mode != Mode::Safe {
            return;
        }
        for (line, written) in self.truth.log.lines.iter().enumerate() {
            let Line::Server { meta, event } = &written.line else { continue };
            let Event::Storing {
                connection,
                seqid,
                change: RecordChange::Keep { table_id, dupid },
            } = event
            else {
                continue;
            };
            let request = (*meta, *connection, *seqid);
            let Some(add) = self.sent.iter().find(|sent| sent.request == request) else { continue };
            let Some(asking) = self.last_asking(add) else { continue };
            let taken = self.truth.taken.get(&asking.request).map_or(0, |taken| taken.0);
            let then = |line| {
                let stored = self.truth.stored_at(line);
                // The dupid may have belonged to another cluster before.
                let same = stored.get(&(*table_id, *dupid));
                let same = same.filter(|record| record.cluster == self.spec.cluster);
                same.map(|record| record.create_ts_ms)
            };
            let there_all_along = then(taken).is_some() && then(taken) == then(asking.line);
            // If the name moved since the read, the call read another table.
            let moved = self.tables_changed(taken, line);
            if there_all_along && !moved && !self.truth.misled(*meta, taken) {
                wrong.push(format!("the add changed {dupid}, which the call could have seen"));
            }
        }
    }

    /// Checks that the result agrees with the response to the add.
    fn as_answered(&self, result: Result<&Outcome<Duplication>, &Error>, wrong: &mut Vec<String>) {
        let Some(add) = self.sent.last().filter(|_| !self.all_refused()) else { return };
        let kind = result.err().map(Error::kind);
        let two = |listed: &Option<Vec<&Entry>>| listed.as_ref().is_some_and(|all| all.len() > 1);
        // `heeded` is what the call certainly saw, and `listed` is what it may have seen.
        let (heeded, listed) = (self.listed_after(add, true), self.listed_after(add, false));
        if two(&heeded) && kind != Some(ErrorKind::OutcomeUnknown) {
            wrong.push(
                "two duplications are listed, but the outcome is not OutcomeUnknown".to_owned(),
            );
        }
        if two(&heeded) || two(&listed) {
            return;
        }
        let got =
            self.truth.answer_to(add.request, self.whole.ends).filter(|got| self.timely(add, got));
        let proven = self.truth.plan.behaviours[add.request.0].generation()
            == pegasus_dup::Generation::DupExist;
        let answer = match got.map(|got| got.what) {
            Some(Told::Add(answer)) => answer,
            Some(_) => return,
            None => {
                if kind == Some(ErrorKind::OutcomeUnknown) {
                    self.looked_long_enough(add, listed.as_deref(), wrong);
                }
                return;
            }
        };
        // A response that names another table than the one that was read proves nothing to the call.
        let moved = self.tables_changed_before(add);
        let created = result.ok().map(Outcome::created);
        let evidence = result.ok().map(Outcome::evidence);
        match &answer.err {
            ErrorCode::Ok if proven && full(answer) => {
                let other = listed
                    .as_ref()
                    .and_then(|entries| entries.first())
                    .is_some_and(|entry| Some(entry.dupid) != answer.dupid);
                let certain = created == Some(true) && evidence == Some(Evidence::ServerSaidSo);
                if !certain && !other && !moved {
                    wrong.push("the response says created, but the result does not".to_owned());
                }
            }
            ErrorCode::DupExist => {
                if !moved && (created != Some(false) || evidence != Some(Evidence::ServerSaidSo)) {
                    wrong.push(
                        "the response says that it exists, but the result does not".to_owned(),
                    );
                }
            }
            ErrorCode::InvalidParameters | ErrorCode::Busy | ErrorCode::AclDeny => {
                if created == Some(true) || kind == Some(ErrorKind::OutcomeUnknown) {
                    wrong.push(
                        "the server refused the add, but the result does not say so".to_owned(),
                    );
                }
            }
            _ => {
                if evidence == Some(Evidence::ServerSaidSo) {
                    wrong.push("server_said_so, but the server did not say so".to_owned());
                }
                // A response that names a duplication is a claim. The list may not confirm it.
                let claims = answer.err == ErrorCode::Ok && answer.dupid.is_some_and(|id| id != 0);
                // Close to the deadline, a response may arrive when the call no longer waits for
                // it.
                let bears_out = !self.over()
                    && !moved
                    && heeded.as_deref().is_some_and(|entries| {
                        matches!(entries, [one] if Some(one.dupid) == answer.dupid
                        && one.status != 0
                        && !self.untold(one)
                        && !self.ignored(one)
                        && (answer.remote_app_name.is_none()
                            || one.remote_app_name == answer.remote_app_name))
                    });
                if kind == Some(ErrorKind::OutcomeUnknown) && claims && bears_out {
                    wrong.push("OutcomeUnknown, but the list confirms the response".to_owned());
                }
                if kind == Some(ErrorKind::OutcomeUnknown) && !claims {
                    self.looked_long_enough(add, listed.as_deref(), wrong);
                }
            }
        }
    }

    /// Returns whether the name of the table may have moved to another table between the latest read before
    /// the add and the response to the add.
    fn tables_changed_before(&self, add: &Sent<'a>) -> bool {
        let read = self.last_asking(add).and_then(|got| self.truth.taken.get(&got.request));
        let from = read.map_or(self.whole.begins, |taken| taken.0);
        let answer = self.truth.answer_to(add.request, self.whole.ends);
        let until = answer.map_or(self.whole.ends, |got| got.line);
        self.tables_changed(from, until)
    }

    /// Returns whether any table changed between two lines.
    fn tables_changed(&self, from: usize, until: usize) -> bool {
        self.truth.log.lines[from..until]
            .iter()
            .any(|written| matches!(written.line, Line::Kept(RecordChange::PutTable { .. })))
    }

    /// Returns whether a response arrived while the call still waited for it. The call keeps a
    /// quarter of its time, but at most 2 s, for reading back.
    fn timely(&self, add: &Sent<'a>, got: &Got<'a>) -> bool {
        let deadline = self.whole.began_ms + self.truth.log.calls[self.whole.call].step.timeout_ms;
        let left = deadline.saturating_sub(add.ms);
        got.ms + 2 < add.ms + left - (left / 4).min(2_000)
    }

    /// Returns whether the call has used all of its time.
    fn over(&self) -> bool {
        let limit = self.truth.log.calls[self.whole.call].step.timeout_ms;
        self.whole.ended_ms - self.whole.began_ms + LAST_PAUSE_MS >= limit
    }

    /// Checks that a call without a response ended in OutcomeUnknown only at its deadline, because the
    /// list contradicts the response, or because nothing was listed after the add had left the queue.
    fn looked_long_enough(
        &self,
        add: &Sent<'a>,
        listed: Option<&[&Entry]>,
        wrong: &mut Vec<String>,
    ) {
        let refused = self.truth.got[self.whole.call].iter().rev().find_map(|got| match got.what {
            Told::Table { err, .. } => Some(*err != ErrorCode::Ok),
            _ => None,
        });
        let contradicted = listed.is_some_and(|entries| !entries.is_empty());
        let left = self.left_the_queue(add).is_some_and(|left| {
            self.truth.got[self.whole.call].iter().any(|got| {
                got.line > left
                    && got.line < self.whole.ends
                    && tells(got).is_some_and(|all| there(all, self.spec).next().is_none())
            })
        });
        if !self.over() && refused != Some(true) && !contradicted && !left {
            wrong.push("OutcomeUnknown, although there was time to read again".to_owned());
        }
    }

    /// Returns the duplications to that cluster that were listed last after the add and before the
    /// end of the call. If `surely` is true, only lists count for which the call certainly waited.
    fn listed_after(&self, add: &Sent<'a>, surely: bool) -> Option<Vec<&'a Entry>> {
        let got = self.truth.got[self.whole.call].iter().rev().find(|got| {
            got.line > add.line
                && got.line < self.whole.ends
                && tells(got).is_some()
                && (!surely || self.heeded(add, got))
        })?;
        tells(got).map(|entries| there(entries, self.spec).collect())
    }

    /// Returns whether a list arrived early enough. A read has half of the remaining time. After
    /// the response to the add, the call reads for at most a second.
    fn heeded(&self, add: &Sent<'a>, got: &Got<'a>) -> bool {
        let over = |request: (usize, u64, i32)| (request.0, request.1);
        // If a list is refused, the same read continues with a query.
        let ends_an_asking = |told: &Told| match told {
            Told::Table { err, .. } => *err == ErrorCode::Ok || err.says_not_applied(),
            Told::Add(_) => true,
            _ => false,
        };
        let before = self.truth.got[self.whole.call]
            .iter()
            .rev()
            .find(|before| before.line < got.line && ends_an_asking(before.what));
        let since = before.map_or(add.line, |before| before.line.max(add.line));
        let asked = self.truth.sent[self.whole.call]
            .iter()
            .find(|sent| sent.line > since && over(sent.request) == over(got.request));
        // If the response to the add arrived during the read, the next request is that of another read.
        let Some(asked) = asked.filter(|asked| asked.line < got.line) else { return false };
        let deadline = self.whole.began_ms + self.truth.log.calls[self.whole.call].step.timeout_ms;
        let answered = self.truth.answer_to(add.request, self.whole.ends).is_some();
        let until = if answered { deadline.min(add.ms + 1_000) } else { deadline };
        (got.ms - asked.ms) * 2 + 2 < until.saturating_sub(asked.ms).min(6_000)
    }

    /// Checks that the outcome names both duplications if two were listed before anything was sent.
    fn two_are_told(&self, outcome: &Outcome<Duplication>, wrong: &mut Vec<String>) {
        if !self.all_refused() {
            return;
        }
        let last = self.truth.got[self.whole.call].iter().rev().find_map(tells);
        let listed: Vec<&Entry> = last.into_iter().flat_map(|all| there(all, self.spec)).collect();
        let warning = outcome.warning().unwrap_or_default();
        if listed.len() > 1
            && !listed.iter().all(|entry| warning.contains(&entry.dupid.to_string()))
        {
            wrong.push("there are two duplications, but the outcome names only one".to_owned());
        }
    }

    /// Checks that every outcome is certain if there are no faults and no other actors.
    fn calm(&self, wrong: &mut Vec<String>) {
        let stored = self.truth.stored_at(self.whole.begins);
        let table_id = if self.spec.table == super::plan::TABLE { 1 } else { 2 };
        let exists = stored
            .iter()
            .any(|((table, _), record)| *table == table_id && record.cluster == self.spec.cluster);
        let plain = self.mode == Mode::Safe
            && self.spec.cluster != super::plan::BRACES
            && *self.spec
                == DuplicationSpec {
                    table: self.spec.table.clone(),
                    ..DuplicationSpec::new("", self.spec.cluster.clone())
                };
        let who = self.truth.log.calls[self.whole.call].who;
        let behaviour = self.truth.plan.behaviours[0];
        let wrongly = matches!(self.truth.plan.actors[who].who, Who::Stating(stated)
            if stated != behaviour.generation());
        let fine = match self.whole.how {
            Ended::Add(Ok(outcome)) => outcome.created() != exists,
            Ended::Add(Err(error)) if wrongly && error.kind() == ErrorKind::InvalidArgument => true,
            Ended::Add(Err(error)) if error.kind() == ErrorKind::OutcomeUnknown => {
                !plain && self.truth.plan.is_believed(who, behaviour)
            }
            Ended::Add(Err(error)) => {
                !plain && error.kind() == ErrorKind::Unsupported
                    || error.kind() == ErrorKind::RemoteTableTaken
                    || error.kind() == ErrorKind::RemoteClusterNotConfigured
                        && self.spec.cluster == super::plan::BRACES
            }
            _ => false,
        };
        if !fine {
            wrong.push("there were no faults, but the result is not the expected one".to_owned());
        }
    }
}

/// Returns whether a response is full and contains the echo.
fn full(answer: &AddResponse) -> bool {
    answer.appid.is_some_and(|id| id > 0)
        && answer.dupid.is_some_and(|id| id > 0)
        && answer.remote_app_name.is_some()
        && answer.remote_replica_count.is_some()
}

/// Returns the duplications that a response lists.
fn tells<'a>(got: &Got<'a>) -> Option<&'a [Entry]> {
    match got.what {
        Told::Table { err: ErrorCode::Ok, entries } => Some(entries),
        _ => None,
    }
}

/// Returns the duplications to the requested cluster.
fn there<'a>(entries: &'a [Entry], spec: &'a DuplicationSpec) -> impl Iterator<Item = &'a Entry> {
    entries.iter().filter(|entry| entry.remote == spec.cluster)
}
