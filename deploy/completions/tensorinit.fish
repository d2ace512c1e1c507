# SPDX-License-Identifier: MIT
#
# Completion of tensorinit for fish: the command itself knows what may follow.

function __tensorinit_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l typed (commandline --current-token --cut-at-cursor)
    for line in (command $words[1] __complete $words[2..-1] "$typed" 2>/dev/null)
        if test "$line" = :files
            set -l path (string replace --regex '^-[^=]*=' '' -- $typed)
            set -l option (string match --regex '^-[^=]*=' -- $typed)
            for file in $path*
                test -d $file; and set file $file/
                echo "$option$file"
            end
        else
            echo $line
        end
    end
end

complete --command tensorinit --no-files --arguments '(__tensorinit_complete)'
