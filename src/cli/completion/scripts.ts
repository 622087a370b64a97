/**
 * The scripts that complete a command line, with all words in them: the shell asks nobody at each press of the key. All
 * three walk the words before the cursor to the place where it stands, and offer what may be written there.
 */
import { type Candidate, candidatesByPlace, FILES, PATHS, WITH_VALUE } from "./candidates.ts";
import type { Shell } from "./shells.ts";

export const completionScript = (shell: Shell): string => SCRIPTS[shell]();

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const fishQuoted = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
const [FILE = ""] = FILES.map(({ word }) => word);

/** One branch for each place, in which `lineOf` writes a candidate. */
function branches(lineOf: (candidate: Candidate) => string): string {
  const each = [...candidatesByPlace()].map(
    ([place, candidates]) => `    ${quoted(place)}) printf '%s\\n' ${candidates.map(lineOf).join(" ")} ;;`,
  );
  return `_hookwave_at() {\n  case "$1" in\n${each.join("\n")}\n  esac\n}`;
}

/** For bash and zsh; `words` are those between the command and the cursor. */
const walk = (words: string): string => `  local at="" nth=1 pending="" word place found
  for word in ${words}; do
    if [ -n "$pending" ]; then pending=""; continue; fi
    case ${quoted(` ${WITH_VALUE.join(" ")} `)} in *" $word "*) pending="$word"; continue ;; esac
    case "$word" in -*) continue ;; esac
    case ${quoted(`|${PATHS.join("|")}|`)} in
      *"|\${at:+$at }$word|"*) at="\${at:+$at }$word" ;;
      *) nth=$((nth + 1)) ;;
    esac
  done
  place="$at $nth"
  case "$cur" in -*) place="$at -" ;; esac
  [ -z "$pending" ] || place="$at $pending"
  found="$(_hookwave_at "$place")"
  [ -n "$found$cur$pending" ] || found="$(_hookwave_at "$at -")"`;

const SCRIPTS: Readonly<Record<Shell, () => string>> = {
  bash: () => `# Completion of hookwave for bash: eval "$(hookwave completion bash)"
${branches(({ word }) => quoted(word))}
_hookwave() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" IFS=$' \\t\\n'
${walk(`"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  if [ "$found" = '${FILE}' ]; then
    IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$found" -- "$cur"))
  fi
}
complete -F _hookwave hookwave`,

  zsh: () => `#compdef hookwave
# Completion of hookwave for zsh, after compinit: eval "$(hookwave completion zsh)"
${branches(({ word, doc }) => quoted(doc === "" ? word : `${word}:${doc}`))}
_hookwave() {
  local cur="\${words[CURRENT]}"
${walk(`"\${(@)words[2,CURRENT-1]}"`)}
  [ -n "$found" ] || return 1
  if [ "$found" = '${FILE}' ]; then _files; return; fi
  local -a candidates
  candidates=("\${(@f)found}")
  _describe hookwave candidates
}
if [ "\${funcstack[1]}" = _hookwave ]; then _hookwave "$@"; else compdef _hookwave hookwave; fi`,

  fish: () => `# Completion of hookwave for fish: hookwave completion fish | source
function __hookwave_at
  switch $argv[1]
${fishBranches()}
  end
end
function __hookwave_candidates
  set -l cur (commandline -ct)
  set -l words (commandline -opc)
  set -e words[1]
  set -l at ''
  set -l nth 1
  set -l pending ''
  for word in $words
    if test -n "$pending"
      set pending ''
    else if contains -- $word ${WITH_VALUE.join(" ")}
      set pending $word
    else if string match -q -- '-*' $word
      continue
    else if contains -- (string trim -- "$at $word") ${PATHS.map(fishQuoted).join(" ")}
      set at (string trim -- "$at $word")
    else
      set nth (math $nth + 1)
    end
  end
  set -l place "$at $nth"
  string match -q -- '-*' "$cur"; and set place "$at -"
  test -n "$pending"; and set place "$at $pending"
  set -l found (__hookwave_at $place)
  test -z "$found$cur$pending"; and set found (__hookwave_at "$at -")
  if test "$found" = '${FILE}'
    __fish_complete_path $cur
  else if set -q found[1]
    printf '%s\\n' $found
  end
end
complete -c hookwave -f -a '(__hookwave_candidates)'`,
};

function fishBranches(): string {
  const lineOf = ({ word, doc }: Candidate): string => fishQuoted(doc === "" ? word : `${word}\t${doc}`);
  return [...candidatesByPlace()]
    .map(
      ([place, candidates]) =>
        `    case ${fishQuoted(place)}\n      printf '%s\\n' ${candidates.map(lineOf).join(" ")}`,
    )
    .join("\n");
}
