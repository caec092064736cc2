//! One suite over both databases, SQLite and a real PostgreSQL server.

mod databases;
mod model;
mod opening;
mod reading;
mod running;
mod samples;
mod submission;

macro_rules! on_both {
    ($($file:ident :: $test:ident),* $(,)?) => {
        mod sqlite {
            use super::*;
            $(
                #[test]
                fn $test() {
                    databases::run(databases::Database::sqlite(), $file::$test);
                }
            )*
        }

        mod postgres {
            use super::*;
            $(
                #[test]
                fn $test() {
                    if let Some(database) = databases::Database::postgres() {
                        databases::run(database, $file::$test);
                    }
                }
            )*
        }
    };
}

on_both! {
    opening::a_newer_log_is_refused,
    opening::other_tables_are_refused,
    opening::many_open_a_new_log,
    submission::fifty_submissions_are_one_job,
    submission::a_key_stands_for_one_job,
    submission::ended_jobs_can_be_submitted_again,
    submission::other_jobs_stay_as_they_are,
    submission::impossible_jobs_are_refused,
    running::only_allowed_edges,
    running::an_old_epoch_is_fenced,
    running::epochs_are_handed_out_once,
    running::progress_never_goes_back,
    running::cancelling,
    running::a_failure_says_why,
    reading::pages_are_stable,
    reading::filters_select,
    reading::a_watcher_misses_nothing,
    reading::a_log_outlives_its_coordinator,
    reading::ten_thousand_jobs,
}

#[test]
fn random_histories_on_sqlite() {
    model::random_histories(&databases::Database::sqlite(), 48);
}

#[test]
fn random_histories_on_postgres() {
    if let Some(database) = databases::Database::postgres() {
        model::random_histories(&database, 48);
    }
}
