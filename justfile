# The habits of the project. `just` alone, or `./just` where it is not installed, lists them.
#
# One profile and one selection of packages serve them all, so that wasmtime is compiled once: `cargo run` goes
# by `--bin`, not by `--package`, for with the latter cargo may choose other features for shared dependencies.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

just := just_executable() + " --justfile " + quote(justfile())
tools := justfile_directory() / ".tools"
manifest := quote(justfile_directory() / "Cargo.toml")
deterministic_rooms := "model placement scheduler compute conductor"
cargo_deny_version := "0.20.2"
conformance := justfile_directory() / "tests/conformance"
conformance_environment := tools / "conformance"
conformance_python := quote(conformance_environment / "bin/python")
target := env("CARGO_TARGET_DIR", justfile_directory() / "target")
nova_environment := tools / "conformance-nova"
cloud_server := "exec '" + target / "debug/novarig" + "' serve --listen {address}"
placement_server := quote("exec '" + target / "debug/novarig" + "' placement --listen {address}")

# List the recipes
[private]
default:
    @{{ just }} --list --unsorted

# Show Nova bug 1825537 happen, and not happen, on two WebAssembly hypervisors
demo: setup
    @cargo run --quiet --bin novarig -- demo

# Run a scenario: `just run resize --bug 1825537`; paths are relative to where you are
[no-cd]
run *ARGS: setup
    @cargo run --quiet --manifest-path {{ manifest }} --bin novarig -- run "$@"

# Run every test, those in the documentation included; arguments go to `cargo test`
test *ARGS: setup
    cargo test --workspace "$@"

# Build the binary and the drivers in it
build: setup
    cargo build --bin novarig

# Measure; the numbers are medians
bench *ARGS: setup
    cargo bench --workspace "$@"

# Let 50 clients make and delete 10,000 servers in a served cloud: memory must be flat, and nothing left
soak *ARGS: setup
    cargo build --bin novarig --example soak
    {{ quote(target / "debug/examples/soak") }} "$@"

# Fuzz what reads drivers and stacks, each for so many seconds; a finding is an error, its input in target/fuzz
fuzz SECONDS="60" *ARGS: setup
    @cargo run --quiet --features novarig-fuzz/targets --bin fuzz-stack-grammar -- --seconds "$@"
    @cargo run --quiet --features novarig-fuzz/targets --bin fuzz-loader -- --seconds "$@"

# Hold Placement against the real one: its own test suite, its client, its routes, random and made-up requests
conformance-placement: build conformance-environment
    @{{ conformance_python }} {{ quote(conformance / "placement_gabbi.py") }} --server {{ placement_server }} --expect 1315
    @{{ conformance_python }} {{ quote(conformance / "placement_client.py") }} --server {{ placement_server }}
    @{{ conformance_python }} {{ quote(conformance / "placement_openapi.py") }} --server {{ placement_server }}
    @{{ conformance_python }} {{ quote(conformance / "placement_differential.py") }} --server {{ placement_server }} --requests 300
    @{{ conformance_python }} {{ quote(conformance / "placement_fuzz.py") }} --server {{ placement_server }} --seconds 25

# Drive a served cloud with the unmodified `openstack` client, and its directory with the LDAP tools of the distribution
conformance-client: build conformance-environment
    @{{ conformance_python }} {{ quote(conformance / "cloud_client.py") }} \
        --server {{ quote(cloud_server + " --hosts 2 --host broken=fake+fail-finish-migration") }}
    @{{ quote(conformance / "programs") }} 'The directory is asked with the tools of OpenLDAP' ldapsearch=ldap-utils
    @{{ conformance_python }} {{ quote(conformance / "directory_client.py") }} \
        --server {{ quote(cloud_server + " --hosts 0 --ldap {directory}") }}

# Send made-up requests to everything a served cloud describes itself with (OpenAPI), and check every answer
conformance-api *ARGS: build conformance-environment
    @{{ conformance_python }} {{ quote(conformance / "openapi_conformance.py") }} \
        --server {{ quote(cloud_server + " --auth none --hosts 2") }} "$@"

# Run Nova's own functional tests against a served cloud, unmodified; arguments are other tests of Nova's, or flags
conformance-nova *ARGS: build conformance-nova-environment
    @{{ quote(nova_environment / "bin/python") }} {{ quote(conformance / "nova_functional.py") }} \
        --server {{ quote(cloud_server + " --auth none --hosts 0") }} --source {{ quote(nova_environment / "source/nova-34.0.0") }} "$@"

# Look at the HTML pages in a real browser without a window; `--screenshots FOLDER` keeps the pictures
conformance-report *ARGS: build
    @{{ quote(conformance / "programs") }} 'The pages are looked at in a real browser' \
        chromium=chromium chromedriver=chromium-driver
    @python3 {{ quote(conformance / "report_pages.py") }} --novarig {{ quote(target / "debug/novarig") }} "$@"

# Replay observed outcomes of Nova (JSON lines) and tell which differ, in which field; paths are relative to where you are
[no-cd]
conformance-outcomes FILE=(justfile_directory() / "tests/outcomes/nova-outcomes.jsonl"): setup
    #!/usr/bin/env bash
    set -euo pipefail
    test=(cargo test --quiet --manifest-path {{ manifest }} --workspace --test outcomes)
    file=$(realpath "$1")
    report=$(mktemp)
    trap 'rm -f "$report"' EXIT
    "${test[@]}" --no-run
    NOVARIG_OUTCOMES=$file NOVARIG_OUTCOMES_REPORT=$report "${test[@]}" -- --ignored --exact \
        any_file_of_observed_outcomes_can_be_compared >&2
    cat "$report"
    tail -n 1 "$report" | grep -q ', 0 differ$'

# Race Placement against the real one, then measure how the engine grows with the cloud
bench-placement: setup conformance-environment
    cargo build --bin novarig --example placement_load
    @{{ conformance_python }} {{ quote(conformance / "placement_speed.py") }} --server {{ placement_server }} \
        --load {{ quote("exec '" + target / "debug/examples/placement_load" + "' --address {address}") }}
    cargo bench --workspace --bench candidates

# Race a served cloud against the real Nova: one server from the request to ACTIVE, and the list of 1,000
bench-nova-api *ARGS: build conformance-nova-environment
    @{{ quote(nova_environment / "bin/python") }} {{ quote(conformance / "nova_api_speed.py") }} \
        --server {{ quote(cloud_server + " --auth none --hosts 0") }} --source {{ quote(nova_environment / "source/nova-34.0.0") }} \
        --real {{ quote("exec '" + nova_environment / "bin/python" + "' '" + conformance / "real_nova.py" + "' {address}") }} "$@"

# Race a served cloud against the real Nova with Nova's own functional tests; `--every 5` takes every fifth
bench-nova *ARGS: build conformance-nova-environment
    @{{ quote(nova_environment / "bin/python") }} {{ quote(conformance / "nova_speed.py") }} \
        --server {{ quote(cloud_server + " --auth none --hosts 0") }} --source {{ quote(nova_environment / "source/nova-34.0.0") }} \
        --real {{ quote("exec '" + nova_environment / "bin/python" + "' '" + conformance / "real_nova.py" + "' {address}") }} "$@"

# Tell what of the compute manager and the conductor no test reaches, their failure handlers above all
coverage: setup
    @tests/coverage/run

# Check the format, and that neither compiler nor clippy has a warning
lint: setup
    cargo fmt --all --check
    @for room in {{ deterministic_rooms }}; do \
        grep -q '^#!\[deny(clippy::disallowed_methods, clippy::disallowed_types)\]' "host/$room/src/lib.rs" || \
            { echo "host/$room/src/lib.rs must deny what clippy.toml lists, as clippy.toml says" >&2; exit 1; }; \
    done
    cargo clippy --workspace --all-targets -- --deny warnings

# Format the code
fmt:
    cargo fmt --all

# Check the dependencies' licences and origins
deny: install-cargo-deny
    {{ quote(tools / "bin/cargo-deny") }} check --hide-inclusion-graph licenses bans sources

# Build the documentation of the crates
doc: setup
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps

# Have the explorer find every defect that can be switched, knowing nothing of it; `--only ID` for one
bugs *ARGS: setup
    @cargo run --quiet --bin novarig -- bugs --find "$@"

# Install what drivers are built with, unless it is there
setup:
    @cargo run --quiet --bin novarig-driver-toolchain

# Do what a change has to pass, timing each stage
ci:
    #!/usr/bin/env bash
    set -euo pipefail
    logs=$(mktemp --directory)
    touch "$logs/timings"
    trap 'printf "\n=== timings\n"; cat "$logs/timings"; rm -rf "$logs"' EXIT
    stage() {
        local begin=$SECONDS
        printf '\n=== %s\n' "$1"
        {{ just }} "$1" || return
        printf '%-21s %5d s\n' "$1" $((SECONDS - begin)) >>"$logs/timings"
    }
    # Its stages one after the other, beside those of another lane; what each prints is shown when it has ended.
    lane() {
        local name=$1 one status=0
        shift
        for one; do
            (stage "$one") >"$logs/$name" 2>&1 || status=$?
            flock "$logs" cat "$logs/$name"
            [[ $status == 0 ]] || return "$status"
        done
    }
    # What later stages need is fetched and built while a stage leaves a processor idle.
    nice -n 19 {{ just }} packages >"$logs/packages" 2>&1 &
    packages=$!
    for one in setup lint doc test demo bugs; do
        stage "$one"
    done
    wait "$packages" || { cat "$logs/packages"; exit 1; }
    # These wait for one another's programs most of the time; Nova's tests fill every processor.
    lane clients conformance-client conformance-report &
    clients=$!
    status=0
    lane requests conformance-placement conformance-api deny || status=$?
    wait "$clients" || status=$?
    [[ $status == 0 ]] || exit "$status"
    stage conformance-nova

[private]
conformance-environment:
    @{{ quote(conformance / "environment") }} {{ quote(conformance_environment) }}

[private]
conformance-nova-environment:
    @{{ quote(conformance / "environment") }} {{ quote(nova_environment) }} requirements-nova.txt
    @{{ quote(conformance / "nova_source") }} {{ quote(nova_environment) }}

# What stages of `ci` take from package registries
[private]
packages: conformance-environment conformance-nova-environment install-cargo-deny

[private]
install-cargo-deny:
    @if [ "$({{ quote(tools / "bin/cargo-deny") }} --version 2>/dev/null)" != "cargo-deny {{ cargo_deny_version }}" ]; then \
        echo "installing cargo-deny {{ cargo_deny_version }} into .tools (once)"; \
        cargo install cargo-deny --version {{ cargo_deny_version }} --locked --debug --quiet --force --root {{ quote(tools) }}; \
    fi
