#!/usr/bin/env bash
# Takes the guards against Ballista's traps away one by one, in a copy of the tree, and says whether a test notices.
#
#   tests/guards/run.sh [GUARD ...]     all of them take about 20 minutes on two cores
#
# It builds into the target folder that other builds use: run nothing else of this project meanwhile.
#
# Ends with 1 when a guard can go unnoticed.
set -euo pipefail
cd "$(dirname "$0")/../.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/steppe/target}" CARGO_INCREMENTAL=0
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
git archive HEAD | tar -x -C "$copy"
cluster=crates/steppe-cluster/src

# guard | file | what stands there | what stands there instead | where its test is | test
guards() {
    cat <<LIST
G1 unknown leaves|$cluster/plan_check.rs|if !is_table {|if !is_table \\&\\& false {|--lib|other_leaves_are_refused
G2 no repartitioning|crates/steppe-engine/src/pass/scan.rs|vec!\[false\]|vec![true]|--lib|nothing_gets_between_a_scan_and_its_descriptors
G3 cancelled operators stop|$cluster/execution.rs|let plan = with_cancellation(plan, &cancel)?;||--test it|workers_rest_and_nothing_is_left
G4 plans that fit|$cluster/plan_check.rs|if bytes > limit {|if bytes > limit \\&\\& false {|--lib|large_plans_are_refused_before_anybody_gets_them
G5 lost reports|$cluster/engine.rs|if moved.elapsed() > self.patience|if false \\&\\& moved.elapsed() > self.patience|--test it|a_pass_whose_reports_get_lost_is_submitted_again
G6 plaintext only on loopback|$cluster/security.rs|if !address.ip().is_loopback() =>|if false \\&\\& !address.ip().is_loopback() =>|--test it|without_certificates_only_loopback_is_served
G6 https to executors|$cluster/security.rs|"https://{authority}"|"http://{authority}"|--test it|two_workers_sum_as_one_process_does
G7 dead workers are noticed|$cluster/settings.rs|WORKER_TIMEOUT_SECONDS: u64 = 20|WORKER_TIMEOUT_SECONDS: u64 = 180|--test it|dead_workers_are_noticed
G8 files of finished jobs go|$cluster/settings.rs|JOB_FILES_SECONDS: u64 = 30|JOB_FILES_SECONDS: u64 = 3600|--test it|files_of_finished_jobs_go
G8 drained tasks do not run again|$cluster/settings.rs|DRAIN_SECONDS: u64 = 30|DRAIN_SECONDS: u64 = 0|--test it|a_worker_that_leaves_loses_no_task
G9 what may go away is tried again|$cluster/failure.rs|if failure.kind.is_transient()|if false|--lib|a_store_that_does_not_answer_is_tried_again
LIST
}

unnoticed=0
while IFS='|' read -r guard file there instead where test; do
    if [ $# -gt 0 ] && ! printf '%s\n' "$@" | grep -qx "${guard%% *}"; then
        continue
    fi
    cp "$copy/$file" "$copy/whole"
    sed -i "s|$there|$instead|" "$copy/$file"
    if cmp -s "$copy/$file" "$copy/whole"; then
        echo "$guard: nothing was taken away: $file has changed" >&2
        exit 2
    fi
    log="$copy/log"
    # The whole workspace, so that dependencies are built with the features that they have already been built with.
    # shellcheck disable=SC2086
    if (cd "$copy" && cargo test --workspace --no-run $where && timeout 300 cargo test --workspace -q $where "$test") > "$log" 2>&1; then
        echo "$guard: UNNOTICED by $test"
        unnoticed=1
    elif grep -q "$test" "$log"; then
        echo "$guard: noticed by $test"
    else
        echo "$guard: it does not build without:" >&2
        tail -n 20 "$log" >&2
        exit 2
    fi
    mv "$copy/whole" "$copy/$file"
done < <(guards)
exit "$unnoticed"
