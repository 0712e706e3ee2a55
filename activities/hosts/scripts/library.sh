# Sent in front of every script. Scripts answer by lines name=value and say by their exit code what a failure means:
# 75 = not yet, try again; anything else = a person has to look.
PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL

say() { printf '%s=%s\n' "$1" "$2"; }

fail() {
  code=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$code"
}

need() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || fail 69 "this host lacks the program $tool: install it"
  done
}

# Storage that is gone hangs whoever touches it. Whatever touches it therefore runs through this; what even SIGKILL does
# not end is left to the timeout of the command as a whole.
bounded() {
  limit=$1
  shift
  timeout -k 5 "$limit" "$@"
}

# One runbook command at a time per file server, even when an earlier one is still running after its caller gave up.
lock_on() {
  exec 9<"$1"
  flock -w 20 9 || fail 75 "another runbook command is still running on this host"
}

# Clients to which a directory is exported, one a line. Long paths stand on a line of their own in exportfs's list.
# Fails when exportfs does: its silence must never pass for "exported to nobody", so the answer is always assigned first.
exported_to() {
  listed=$(bounded 20 exportfs -v) || return 1
  printf '%s\n' "$listed" | wanted=$1 awk '
    /^\// { current = $1; from = 2 }
    !/^\// { from = 1 }
    current == ENVIRON["wanted"] {
      for (i = from; i <= NF; i++) {
        sub(/\(.*/, "", $i)
        if ($i == "<world>") $i = "*"
        if ($i != "") print $i
      }
    }'
}

# A client that is gone from the list has been taken off: by an earlier command, perhaps, that still ran when its caller had
# given up and sent this one.
withdraw() {
  clients=$(exported_to "$1") || fail 75 "exportfs does not answer"
  printf '%s\n' "$clients" | while IFS= read -r client; do
    [ -n "$client" ] || continue
    complaint=$(bounded 60 exportfs -u "$client:$1" 2>&1) && continue
    left=$(exported_to "$1") || fail 75 "exportfs does not answer"
    if printf '%s\n' "$left" | grep -qxF -- "$client"; then fail 1 "$complaint"; fi
  done
}

# State of a unit by the given question; "absent" when there is no such unit.
unit() {
  answer=$(bounded 20 systemctl "$1" "$2" 2>/dev/null) || true
  printf '%s\n' "${answer:-absent}"
}

# The export of a directory and the server behind it, as they are now.
say_export() {
  clients=$(exported_to "$1") || fail 75 "exportfs does not answer"
  say exported "$(printf '%s' "$clients" | tr '\n' ' ')"
  say active "$(unit is-active nfs-server)"
  say enabled "$(unit is-enabled nfs-server)"
}

# The kernel's name of a device as EC2 names it: /dev/sdf may be /dev/xvdf, or an NVMe device that knows its EC2 name.
find_device() {
  case $1 in
    */sd*) other=${1%/*}/xvd${1##*/sd} ;;
    */xvd*) other=${1%/*}/sd${1##*/xvd} ;;
    *) other=$1 ;;
  esac
  for candidate in "$1" "$other"; do
    if found=$(bounded 20 lsblk -dnpo NAME "$candidate" 2>/dev/null) && [ -n "$found" ]; then
      printf '%s\n' "$found" | head -n 1
      return 0
    fi
  done
  command -v ebsnvme-id >/dev/null 2>&1 || return 1
  for candidate in $(bounded 20 lsblk -dnpo NAME 2>/dev/null); do
    named=$(bounded 10 ebsnvme-id -b "$candidate" 2>/dev/null) || continue
    named=/dev/${named#/dev/}
    if [ "$named" = "$1" ] || [ "$named" = "$other" ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# The same, for up to DEVICE_SECONDS: a volume that was just attached takes a moment.
wait_for_device() {
  waited=0
  until find_device "$1"; do
    [ "$waited" -lt "$DEVICE_SECONDS" ] || return 1
    waited=$((waited + 1))
    sleep 1
  done
}

# What was ended by its time limit says nothing of a volume. One that is still being loaded from its snapshot is slow, and
# what was read of it stays there: the next attempt gets further.
end_if_late() {
  case $1 in
    124 | 137) fail 75 "$2 was not done in time" ;;
  esac
}

mount_in_time() {
  ended=0
  bounded 120 mount "$@" || ended=$?
  end_if_late "$ended" "mount $*"
  return "$ended"
}

# A copy of an XFS volume carries the UUID of its source and is refused while that one is mounted too. Other file systems do
# not know the option, and a sound one that is given it is told as one that cannot be read.
mount_on() {
  mkdir -p "$2"
  if mount_in_time "$@"; then return 0; fi
  ended=0
  # Past blkid's cache, for the device may have been another volume's.
  type=$(bounded 20 blkid -p -o value -s TYPE "$1" 2>/dev/null) || ended=$?
  end_if_late "$ended" "blkid $1"
  [ "$type" = xfs ] || return 1
  mount_in_time -o nouuid "$@"
}

# What is mounted on a directory; nothing when nothing is.
mounted_from() { bounded 20 findmnt -rno SOURCE -M "$1" 2>/dev/null || true; }

# Repositories on the data stores (STORES: their mount points, one a line; none = the home is all there is). How Bitbucket
# arranges them there is its own affair: whatever has HEAD, objects and refs is one, and is taken for the repository whose
# id it is called by. Sets STORED: their paths, one a line; UNREAD: stores that could not be searched; LAYOUT: known, or
# unknown where the names are no ids, or not all was read: then nobody can tell which repository is there.
LAYOUT=
find_stored() {
  [ -z "$LAYOUT" ] || return 0
  STORED='' UNREAD='' LAYOUT=known
  while IFS= read -r store; do
    [ -n "$store" ] || continue
    # Another file system inside is a store of its own, or none of Bitbucket's.
    if found=$(bounded 120 find -H "$store" -xdev -type d \( -name refs -prune -o -name objects \
      -exec test -f '{}/../HEAD' \; -exec test -d '{}/../refs' \; -print -prune \) 2>/dev/null); then
      STORED="$STORED
$found"
    else
      UNREAD="$UNREAD $store"
    fi
  done <<END
$STORES
END
  STORED=$(printf '%s\n' "$STORED" | sed -n 's|/objects$||p')
  # Numbers that are something else than ids would come more than once.
  names=$(printf '%s\n' "$STORED" | sed 's|.*/||')
  if [ -n "$UNREAD" ] || printf '%s\n' "$names" | grep -qv '^[0-9]*$' ||
    [ -n "$(printf '%s\n' "$names" | sort | uniq -d)" ]; then
    LAYOUT=unknown
  fi
}

# Sets LOCATED: where the repository of an id lies, in the home or on a data store; empty where it was not found, or nobody
# can tell.
locate() {
  LOCATED=$REPOSITORIES/$1
  if bounded 20 test -d "$LOCATED"; then return 0; fi
  find_stored
  LOCATED=
  [ "$LAYOUT" = known ] || return 0
  LOCATED=$(printf '%s\n' "$STORED" | wanted=/$1 awk '
    substr($0, length($0) - length(ENVIRON["wanted"]) + 1) == ENVIRON["wanted"] { print; exit }')
}

# Runs git on a repository that may belong to another user, and whose alternates name the path that nodes see.
git_at() {
  repository=$1
  shift
  borrowed=
  if [ -f "$repository/objects/info/alternates" ]; then
    while IFS= read -r alternate; do
      [ ! -d "$alternate" ] || continue
      lender=${alternate%/objects}
      # Forks lie beside each other, wherever that is.
      LOCATED=${repository%/*}/${lender##*/}
      [ -d "$LOCATED/objects" ] || locate "${lender##*/}"
      if [ -n "$LOCATED" ]; then borrowed=${borrowed:+$borrowed:}$LOCATED/objects; fi
    done <"$repository/objects/info/alternates"
  fi
  GIT_ALTERNATE_OBJECT_DIRECTORIES=$borrowed GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_COUNT=1 \
    GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
    bounded "$GIT_SECONDS" git --git-dir="$repository" "$@"
}

# Freezes of ours, in memory only as the freeze itself. Per token: .mounts, what it has frozen or may still freeze;
# .freezing, locked as long as a freeze is under way; .frozen, its time; .whole, all are frozen; .thawed, who ended it
# first; .done, nothing of it is frozen and nothing can be any more.
FREEZES=${RUNTIME_DIRECTORY:-/run}/runbooks-freezes

# Tokens of the freezes that are on: one that was ended is, until all is thawed.
open_freezes() {
  [ -d "$FREEZES" ] || return 0
  for file in "$FREEZES"/*.mounts; do
    token=${file%.mounts}
    [ ! -f "$file" ] || [ -f "$token.done" ] || printf '%s ' "${token##*/}"
  done
}

# Thaws what a token names, and says what is left; a text, because the timer has to do the same when this script is gone.
# The kernel does not leave a freeze halfway, whatever becomes of the process: while one is under way, what is not frozen
# now may be so in a minute. Words go to a file: a pipe would be waited for as long as whoever hangs keeps it open.
# shellcheck disable=SC2016 # expanded by the shell that runs it
THAW='
  base=$1/$2
  left=
  flock -sn "$base.freezing" true || left="a freeze is still under way"
  while IFS= read -r mount_point; do
    timeout -k 5 60 fsfreeze -u "$mount_point" >"$base.words.$$" 2>&1 9<&- && continue
    words=$(cat "$base.words.$$")
    case $words in
      *"Invalid argument"* | *"not a mount"* | *"No such file"* | *"not supported"*) ;; # not frozen
      *) left="${left:+$left; }$mount_point: ${words:-no answer}" ;;
    esac
  done <"$base.mounts"
  rm -f "$base.words.$$"
  printf "%s\n" "$left"
  [ -n "$left" ] || : >"$base.done"
'

# Ends the freeze of a token for a reason, and sets ENDED: yes when it was on and this call has ended it first. Fails, with
# LEFT, while not all is thawed. What is done is left alone: what is frozen later is somebody else's.
end_freeze() {
  ENDED=no LEFT=
  if [ ! -f "$FREEZES/$1.mounts" ] || [ -f "$FREEZES/$1.done" ]; then return 0; fi
  (set -C && printf '%s %s\n' "$2" "$(date +%s)" >"$FREEZES/$1.thawed") 2>/dev/null && ENDED=yes
  LEFT=$(sh -c "$THAW" thaw "$FREEZES" "$1")
  [ -z "$LEFT" ]
}
