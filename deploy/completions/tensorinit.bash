# SPDX-License-Identifier: MIT
#
# Completion of tensorinit for bash: the command itself knows what may follow.

_tensorinit() {
    local line=${COMP_LINE:0:COMP_POINT} candidate
    local -a words
    read -ra words <<<"$line"
    case $line in *[[:space:]]) words+=('') ;; esac
    local typed=${words[-1]} before=''
    # bash takes what is after '=' for a word of its own.
    case $typed in *=*)
        [[ $COMP_WORDBREAKS != *=* ]] || before=${typed%%=*}=
        ;;
    esac
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        if [ "$candidate" = :files ]; then
            local path=$typed
            case $path in -*=*) path=${path#*=} ;; esac
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$path")
        else
            COMPREPLY+=("${candidate#"$before"}")
        fi
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    case ${COMPREPLY[*]} in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _tensorinit tensorinit
