//! What each generation makes of adds and modifies: a table, one row a behaviour, and the
//! transitions that a duplication may take.

use crate::protocol::generation::{FailMode, Generation, Status};
use crate::protocol::rpc::RpcInfo;
use crate::server::behaviour::Behaviour;

/// What a behaviour does. The rows are at [`Rules::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Whose numbers its statuses have.
    pub(crate) generation: Generation,
    /// How field 3 of an add is read.
    pub(crate) field_3: Field3,
    /// Whether it knows remote tables and replica counts: fields 4 and 5 of an add, their checks,
    /// the echo in answers, fields 8 and 9 of an entry.
    pub(crate) remote_names: bool,
    /// Whether an entry tells how far each partition has come: its field 11.
    pub(crate) partition_states: bool,
    /// Whether a table is said to be duplicated or not only once it has had a duplication since the
    /// server started: field 12 of what LIST_APPS tells.
    pub(crate) silent_on_duplicating: bool,
    /// Whether an add for a missing table is told why it failed.
    pub(crate) missing_table_hint: bool,
    /// Whether the hint about a remote cluster without addresses names that cluster.
    pub(crate) hint_names_cluster: bool,
    /// A repeated add that the state lets through.
    pub(crate) repeated: Repeated,
    /// A repeated add that the state refuses.
    pub(crate) refused: Refused,
    /// A repeated add while a change of the existing one is being stored.
    pub(crate) altering: Altering,
    /// Whether the id of a removed duplication may be given again.
    pub(crate) reuses_dupids: bool,
    /// Whether the hint of a refused add is taken for a format string: a brace in a name then ends
    /// the process.
    pub(crate) formats_hints: bool,
    /// Whether the HTTP page of a table's duplications ends the process if the name of a remote
    /// table is not UTF-8.
    pub(crate) dies_of_bad_utf8: bool,
    /// How many bytes the name of a table has at least if a backup of the table was seen to end the
    /// process. (A buffer overflows there, so a shorter name may do as much.)
    pub(crate) fatal_backup_name: usize,
}

/// What field 3 of an add says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field3 {
    /// Create it paused; absent = false.
    Freezed,
    /// Ship a checkpoint first; absent = true.
    Checkpoint,
}

/// The answer to a repeated add that the state lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    /// ERR_OK, as if it were new; the state may move.
    Ok,
    /// ERR_DUP_EXIST; the state may move.
    DupExist,
    /// ERR_DUP_EXIST in every state, which never moves.
    Untouched,
}

/// The answer to a repeated add that the state refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// ERR_OK with nothing in it.
    Thin,
    /// ERR_INVALID_PARAMETERS with a hint.
    InvalidParameters,
}

/// What becomes of a repeated add while a change of the existing one is being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Altering {
    /// A real server of this generation ends.
    Dies,
    /// ERR_OK with nothing in it.
    Thin,
    /// ERR_BUSY.
    Busy,
    /// It waits until the change is stored, and is looked at again then.
    Waits,
}

impl Rules {
    /// The row of a behaviour.
    pub(crate) fn of(behaviour: Behaviour) -> Rules {
        let dup_exist = Rules {
            generation: behaviour.generation(),
            field_3: Field3::Checkpoint,
            remote_names: true,
            partition_states: true,
            silent_on_duplicating: false,
            missing_table_hint: true,
            hint_names_cluster: true,
            repeated: Repeated::DupExist,
            refused: Refused::InvalidParameters,
            altering: Altering::Busy,
            reuses_dupids: true,
            formats_hints: true,
            dies_of_bad_utf8: true,
            fatal_backup_name: 5_861,
        };
        match behaviour {
            Behaviour::Freezed => Rules {
                field_3: Field3::Freezed,
                remote_names: false,
                partition_states: false,
                silent_on_duplicating: true,
                missing_table_hint: false,
                hint_names_cluster: false,
                repeated: Repeated::Ok,
                refused: Refused::Thin,
                altering: Altering::Dies,
                formats_hints: false,
                dies_of_bad_utf8: false,
                fatal_backup_name: 7_040,
                ..dup_exist
            },
            Behaviour::Checkpoint => Rules {
                remote_names: false,
                partition_states: false,
                missing_table_hint: false,
                repeated: Repeated::Ok,
                refused: Refused::Thin,
                altering: Altering::Thin,
                formats_hints: false,
                dies_of_bad_utf8: false,
                fatal_backup_name: 4_586,
                ..dup_exist
            },
            Behaviour::RemoteName => {
                Rules { partition_states: false, repeated: Repeated::Ok, ..dup_exist }
            }
            Behaviour::DupExist => dup_exist,
            Behaviour::Idempotent => Rules {
                repeated: Repeated::Untouched,
                altering: Altering::Waits,
                reuses_dupids: false,
                formats_hints: false,
                dies_of_bad_utf8: false,
                ..dup_exist
            },
        }
    }

    /// Returns whether a server handles the RPC at all.
    pub(crate) fn knows(&self, rpc: &RpcInfo) -> bool {
        rpc.since <= self.generation
    }

    /// The status that an add asks for.
    pub(crate) fn add_target(&self, field_3: Option<bool>) -> Status {
        match self.field_3 {
            Field3::Freezed => match field_3 {
                Some(true) => Status::Pause,
                Some(false) | None => Status::Start,
            },
            Field3::Checkpoint => match field_3 {
                Some(true) | None => Status::Prepare,
                Some(false) => Status::Log,
            },
        }
    }

    /// The fail mode after a repeated add that was let through, where `last_set` is what was set
    /// since the server started.
    pub(crate) fn fail_mode_after_repeat(&self, last_set: FailMode, target: Status) -> FailMode {
        match (self.field_3, target) {
            // Only its way into the pause goes by the routine that resets it.
            (Field3::Freezed, Status::Start) => last_set,
            _ => FailMode::Slow,
        }
    }

    /// Whether a real server ends when it refuses an add with that hint. A format string without
    /// arguments may have braces in pairs only: `{{` and `}}` stand for one brace each.
    pub(crate) fn hint_ends_it(&self, hint: &str) -> bool {
        let mut letters = hint.chars();
        let mut single = false;
        while let Some(letter) = letters.next() {
            single |= matches!(letter, '{' | '}') && letters.next() != Some(letter);
        }
        self.formats_hints && single
    }

    /// Whether a duplication may go from one status to another.
    pub(crate) fn may_go(&self, from: Status, to: Status) -> bool {
        if from == to || to == Status::Removed {
            return true;
        }
        match self.field_3 {
            Field3::Freezed => matches!(to, Status::Start | Status::Pause),
            Field3::Checkpoint => matches!(
                (from, to),
                (Status::Init, Status::Prepare | Status::Log)
                    | (Status::Prepare, Status::App)
                    | (Status::App, Status::Log)
                    | (Status::Log, Status::Pause)
                    | (Status::Pause, Status::Log)
            ),
        }
    }

    /// What a status of another behaviour's store is here: a file may be opened as any of them.
    pub(crate) fn adopt(&self, status: Status) -> Status {
        if self.generation.status_number(status).is_some() {
            return status;
        }
        match self.field_3 {
            Field3::Freezed => Status::Start,
            Field3::Checkpoint => Status::Log,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (from, checkpoint flag) -> the status it goes to, or `None` where it is refused.
    #[test]
    fn the_table_of_repeated_adds_since_2_4() {
        use Status::{App, Log, Pause, Prepare};
        let table = [
            (Prepare, Some(true), Some(Prepare)),
            (Prepare, None, Some(Prepare)),
            (Prepare, Some(false), None),
            (App, Some(true), None),
            (App, None, None),
            (App, Some(false), Some(Log)),
            (Log, Some(true), None),
            (Log, None, None),
            (Log, Some(false), Some(Log)),
            (Pause, Some(true), None),
            (Pause, None, None),
            (Pause, Some(false), Some(Log)),
        ];
        for behaviour in [Behaviour::Checkpoint, Behaviour::RemoteName, Behaviour::DupExist] {
            let rules = Rules::of(behaviour);
            for (from, flag, expected) in table {
                let target = rules.add_target(flag);
                let got = rules.may_go(from, target).then_some(target);
                assert_eq!(got, expected, "{behaviour} {from} {flag:?}");
            }
        }
    }

    #[test]
    fn freezed_never_refuses_a_repeated_add() {
        let rules = Rules::of(Behaviour::Freezed);
        for from in [Status::Start, Status::Pause] {
            for flag in [None, Some(false), Some(true)] {
                assert!(rules.may_go(from, rules.add_target(flag)), "{from} {flag:?}");
            }
        }
        assert_eq!(rules.fail_mode_after_repeat(FailMode::Skip, Status::Start), FailMode::Skip);
        assert_eq!(rules.fail_mode_after_repeat(FailMode::Skip, Status::Pause), FailMode::Slow);
    }

    #[test]
    fn only_braces_in_pairs_are_harmless_where_hints_are_formatted() {
        let rules = Rules::of(Behaviour::DupExist);
        for fatal in ["a{b", "a}b", "{}", "{0}", "}{", "{{{", "}}}", "{ {", "x{{y}", "}{{}"] {
            assert!(rules.hint_ends_it(fatal), "{fatal}");
        }
        for harmless in ["", "ab", "{{", "}}", "a{{}}b", "{{{{"] {
            assert!(!rules.hint_ends_it(harmless), "{harmless}");
        }
        for behaviour in Behaviour::ALL {
            let formats = matches!(behaviour, Behaviour::RemoteName | Behaviour::DupExist);
            assert_eq!(Rules::of(behaviour).hint_ends_it("a{b"), formats, "{behaviour}");
        }
    }

    #[test]
    fn a_stored_status_finds_its_place_in_another_generation() {
        let freezed = Rules::of(Behaviour::Freezed);
        let later = Rules::of(Behaviour::Idempotent);
        assert_eq!(freezed.adopt(Status::Log), Status::Start);
        assert_eq!(freezed.adopt(Status::Prepare), Status::Start);
        assert_eq!(freezed.adopt(Status::Pause), Status::Pause);
        assert_eq!(later.adopt(Status::Start), Status::Log);
        assert_eq!(later.adopt(Status::App), Status::App);
    }
}
