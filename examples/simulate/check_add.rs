//! What an add may never claim, and what a safe add may never do.

use pegasus_dup::protocol::messages::{AddAnswer, Entry};
use pegasus_dup::server::store::RecordChange;
use pegasus_dup::server::{Behaviour, Event};
use pegasus_dup::{
    Duplication, DuplicationSpec, Error, ErrorCode, ErrorKind, Evidence, Mode, Outcome,
};

use super::check_compared;
use super::plan::Who;
use super::trace::{Ended, Line, Told};
use super::truth::{Got, Making, Sent, Truth, Whole};

/// How long nothing must be listed, after a disturbance, in milliseconds.
const QUIET_MS: u64 = 2_000;
/// How long before its deadline a call may see that nothing more can be found out: one more pause
/// would not fit.
const LAST_PAUSE_MS: u64 = 2;

/// One add.
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
        _ => found.push("it ended as something else than an add".to_owned()),
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
                // Its create_ts may be a successor's.
                let made = self.own_makings().any(|making| {
                    making.kept.is_some()
                        && making.table_id == value.table_id
                        && making.record.dupid == value.dupid
                });
                if !made {
                    wrong.push("certainly Created, and its add made nothing of that id".to_owned());
                }
            }
            Outcome::Created { .. } => {
                self.not_there_before(value, wrong);
                self.stored(value, wrong);
                if self.sent.is_empty() {
                    wrong.push("Created, and nothing was sent".to_owned());
                }
            }
            Outcome::AlreadyExists { evidence, .. } => {
                self.stored(value, wrong);
                let mut makers = self.truth.makings_of(value).peekable();
                let only_own = makers.peek().is_some()
                    && makers.all(|making| making.call == Some(self.whole.call));
                if only_own && !self.truth.was_there_before(value) {
                    wrong.push("AlreadyExists, and this call alone made it".to_owned());
                }
                if *evidence == Evidence::ListedBefore && !self.all_refused() {
                    wrong.push("listed before, and an add was sent".to_owned());
                }
            }
        }
        check_compared::check(self.truth, self.whole, self.spec, outcome, wrong);
        self.as_answered(Ok(outcome), wrong);
        self.two_are_told(outcome, wrong);
    }

    /// Whether every add that was sent was answered by a word that says that nothing was done.
    fn all_refused(&self) -> bool {
        self.sent.iter().all(|add| {
            let answer = self.truth.answer_to(add.request, self.whole.ends);
            answer.is_some_and(|got| got.what.not_applied())
        })
    }

    fn error(&self, error: &Error, wrong: &mut Vec<String>) {
        if error.kind() == ErrorKind::OutcomeUnknown && self.sent.is_empty() {
            wrong.push("OutcomeUnknown, and nothing was sent".to_owned());
        }
        self.as_answered(Err(error), wrong);
    }

    /// What is said to be there was stored at some time.
    fn stored(&self, value: &Duplication, wrong: &mut Vec<String>) {
        if !self.truth.was_stored(value, self.whole.ends) {
            wrong.push("what it tells of was never stored".to_owned());
        }
    }

    /// A duplication that is reported as Created goes to the requested remote table, whatever the
    /// server reports about it.
    ///
    /// A leader that ships every table to a remote table of the same name does so with the duplications
    /// that a newer server of its group stored under another name, too.
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
            && count.is_none_or(|count| count == check_compared::TABLE_REPLICAS);
        if known && !stored_so && !shipped_so {
            wrong.push("Created, and not as it was asked for".to_owned());
        }
    }

    /// Whether something was asked for that a listed entry does not tell.
    fn untold(&self, entry: &Entry) -> bool {
        let count = self.spec.remote_replica_count.is_some_and(|count| count != 0);
        (self.spec.wanted_remote_table() != self.spec.table && entry.remote_app_name.is_none())
            || (count && entry.remote_replica_count.is_none())
    }

    /// Whether an entry differs from the request in the way of a server that ignored its remote table
    /// and replica count.
    fn ignored(&self, entry: &Entry) -> bool {
        let name = entry.remote_app_name.as_deref();
        let count = self.spec.remote_replica_count.filter(|&count| count != 0);
        name.is_none_or(|name| name == self.spec.table)
            && (name.is_some_and(|name| name != self.spec.wanted_remote_table())
                || count.zip(entry.remote_replica_count).is_some_and(|(asked, has)| asked != has))
    }

    /// No Created for what was there before the call, but where a server could not know of it.
    fn not_there_before(&self, value: &Duplication, wrong: &mut Vec<String>) {
        let made_since = self.truth.makings_of(value).any(|making| making.line > self.whole.begins);
        let misled = self.sent.last().and_then(|add| self.last_asking(add)).is_some_and(|asking| {
            let (meta, ..) = asking.request;
            let taken = self.truth.taken.get(&asking.request).map_or(asking.line, |taken| taken.0);
            self.truth.misled(meta, taken) || self.truth.misled(meta, asking.line)
        });
        if !made_since && !misled {
            wrong.push("Created, and it was there before the call".to_owned());
        }
    }

    /// Whoever made one has it, or says that it isn't sure.
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
                wrong.push(format!("it made {} and does not say so", making.record.dupid));
            }
        }
    }

    /// Sent again only after an answer that says that nothing was done.
    fn sent_once(&self, wrong: &mut Vec<String>) {
        for pair in self.sent.windows(2) {
            let answer = self.truth.answer_to(pair[0].request, pair[1].line);
            if !answer.is_some_and(|got| got.what.not_applied()) {
                wrong.push("the add was sent again, and the first may have been done".to_owned());
            }
        }
    }

    /// The latest answer, before that add, that tells what is there.
    fn last_asking(&self, add: &Sent<'a>) -> Option<&Got<'a>> {
        self.truth.got[self.whole.call]
            .iter()
            .rev()
            .find(|got| got.line < add.line && tells(got).is_some())
    }

    /// Over the connection that the add was sent on, the last answer said that nothing is there;
    /// after a disturbance within the call, two answers with time between them.
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
                // A direct add goes over what is there, which whoever chose it was told.
                continue;
            }
            if !last.is_some_and(|got| absent(&got))
                || self.last_asking(add).map(|got| over(got.request)) != Some(over(add.request))
            {
                wrong.push("it was not asked for just before, on the same connection".to_owned());
                continue;
            }
            let quiet = askings
                .iter()
                .rev()
                .take_while(absent)
                .any(|first| last.is_some_and(|last| last.ms - first.ms >= QUIET_MS));
            if disturbed && !quiet {
                wrong.push("disturbed, and not asked for twice with time between".to_owned());
            }
        }
    }

    /// Whether something within the call showed that a leader might be a new one.
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

    /// A safe add never changes what exists, but where it came to be there since it was asked for.
    fn changes_nothing(&self, wrong: &mut Vec<String>) {
        if self.mode != Mode::Safe {
            return;
        }
        for written in &self.truth.log.lines {
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
                // A dupid may have been another pair's before.
                let same = stored.get(&(*table_id, *dupid));
                let same = same.filter(|record| record.cluster == self.spec.cluster);
                same.map(|record| record.create_ts_ms)
            };
            let there_all_along = then(taken).is_some() && then(taken) == then(asking.line);
            if there_all_along && !self.truth.misled(*meta, taken) {
                wrong.push(format!("it went over {dupid}, which it could have seen"));
            }
        }
    }

    /// What the answer to the add says is what the call says.
    fn as_answered(&self, result: Result<&Outcome<Duplication>, &Error>, wrong: &mut Vec<String>) {
        let Some(add) = self.sent.last().filter(|_| !self.all_refused()) else { return };
        let kind = result.err().map(Error::kind);
        let two = |listed: &Option<Vec<&Entry>>| listed.as_ref().is_some_and(|all| all.len() > 1);
        // What the call surely saw, and what it may have seen.
        let (heeded, listed) = (self.listed_after(add, true), self.listed_after(add, false));
        if two(&heeded) && kind != Some(ErrorKind::OutcomeUnknown) {
            wrong.push("two are listed, and it claims to know".to_owned());
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
                    self.looked_until_the_end(listed.as_deref(), wrong);
                }
                return;
            }
        };
        let created = result.ok().map(Outcome::created);
        let evidence = result.ok().map(Outcome::evidence);
        match &answer.err {
            ErrorCode::Ok if proven && full(answer) => {
                let other = listed
                    .as_ref()
                    .and_then(|entries| entries.first())
                    .is_some_and(|entry| Some(entry.dupid) != answer.dupid);
                let certain = created == Some(true) && evidence == Some(Evidence::ServerSaidSo);
                if !certain && !other {
                    wrong.push("the server said that it made it, and the call does not".to_owned());
                }
            }
            ErrorCode::DupExist => {
                if created != Some(false) || evidence != Some(Evidence::ServerSaidSo) {
                    wrong.push("the server said that it exists, and the call does not".to_owned());
                }
            }
            ErrorCode::InvalidParameters | ErrorCode::Busy | ErrorCode::AclDeny => {
                if created == Some(true) || kind == Some(ErrorKind::OutcomeUnknown) {
                    wrong.push("the server refused, and the call does not say so".to_owned());
                }
            }
            _ => {
                if evidence == Some(Evidence::ServerSaidSo) {
                    wrong.push("certain, and the server did not say so".to_owned());
                }
                // An answer that tells of one is a claim, which what is listed may not bear out.
                let claims = answer.err == ErrorCode::Ok && answer.dupid.is_some_and(|id| id != 0);
                // At the very end, an answer may come when nobody waits for it any more.
                let bears_out = !self.over()
                    && heeded.as_deref().is_some_and(|entries| {
                        matches!(entries, [one] if Some(one.dupid) == answer.dupid
                        && one.status != 0
                        && !self.untold(one)
                        && !self.ignored(one)
                        && (answer.remote_app_name.is_none()
                            || one.remote_app_name == answer.remote_app_name))
                    });
                if kind == Some(ErrorKind::OutcomeUnknown) && claims && bears_out {
                    wrong
                        .push("OutcomeUnknown, and what is listed bears the answer out".to_owned());
                }
                if kind == Some(ErrorKind::OutcomeUnknown) && !claims {
                    self.looked_until_the_end(listed.as_deref(), wrong);
                }
            }
        }
    }

    /// Whether an answer came when the call still waited for it: a quarter of the time, 2 s at the
    /// most, is kept for reading back.
    fn timely(&self, add: &Sent<'a>, got: &Got<'a>) -> bool {
        let deadline = self.whole.began_ms + self.truth.log.calls[self.whole.call].step.timeout_ms;
        let left = deadline.saturating_sub(add.ms);
        got.ms + 2 < add.ms + left - (left / 4).min(2_000)
    }

    /// Whether the call has used its time up.
    fn over(&self) -> bool {
        let limit = self.truth.log.calls[self.whole.call].step.timeout_ms;
        self.whole.ended_ms - self.whole.began_ms + LAST_PAUSE_MS >= limit
    }

    /// OutcomeUnknown where nothing was heard: only when the time was over, or what is listed
    /// contradicts the answer.
    fn looked_until_the_end(&self, listed: Option<&[&Entry]>, wrong: &mut Vec<String>) {
        let refused = self.truth.got[self.whole.call].iter().rev().find_map(|got| match got.what {
            Told::Table { err, .. } => Some(*err != ErrorCode::Ok),
            _ => None,
        });
        let contradicted = listed.is_some_and(|entries| !entries.is_empty());
        if !self.over() && refused != Some(true) && !contradicted {
            wrong.push("OutcomeUnknown, and there was time to look".to_owned());
        }
    }

    /// What was last listed to that cluster after the add and before the end, if need be while the
    /// call surely waited for it.
    fn listed_after(&self, add: &Sent<'a>, surely: bool) -> Option<Vec<&'a Entry>> {
        let got = self.truth.got[self.whole.call].iter().rev().find(|got| {
            got.line > add.line
                && got.line < self.whole.ends
                && tells(got).is_some()
                && (!surely || self.heeded(add, got))
        })?;
        tells(got).map(|entries| there(entries, self.spec).collect())
    }

    /// Whether what was listed came early enough: one asking has half of the time that is left, and
    /// where the answer to the add has come, a second is all there is.
    fn heeded(&self, add: &Sent<'a>, got: &Got<'a>) -> bool {
        let over = |request: (usize, u64, i32)| (request.0, request.1);
        // A list that is refused is followed by a query within the same asking.
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
        let Some(asked) = asked else { return false };
        let deadline = self.whole.began_ms + self.truth.log.calls[self.whole.call].step.timeout_ms;
        let answered = self.truth.answer_to(add.request, self.whole.ends).is_some();
        let until = if answered { deadline.min(add.ms + 1_000) } else { deadline };
        (got.ms - asked.ms) * 2 + 2 < until.saturating_sub(asked.ms).min(6_000)
    }

    /// Two of them, seen before anything was sent, are both named.
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
            wrong.push("two are there, and it names one".to_owned());
        }
    }

    /// With nobody else and no mishap everything is certain.
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
            wrong.push("nothing was in its way, and it did not come out so".to_owned());
        }
    }
}

/// Whether an answer is full, echo and all.
fn full(answer: &AddAnswer) -> bool {
    answer.appid.is_some_and(|id| id > 0)
        && answer.dupid.is_some_and(|id| id > 0)
        && answer.remote_app_name.is_some()
        && answer.remote_replica_count.is_some()
}

/// What an answer tells to be there.
fn tells<'a>(got: &Got<'a>) -> Option<&'a [Entry]> {
    match got.what {
        Told::Table { err: ErrorCode::Ok, entries } => Some(entries),
        _ => None,
    }
}

/// What of it goes to the cluster that is meant.
fn there<'a>(entries: &'a [Entry], spec: &'a DuplicationSpec) -> impl Iterator<Item = &'a Entry> {
    entries.iter().filter(|entry| entry.remote == spec.cluster)
}
