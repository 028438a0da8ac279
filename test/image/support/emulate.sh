#!/bin/sh
# Runs a command in a user namespace in which programs for arm64 run too: emulate.sh COMMAND…
# The machine itself learns nothing of it: since Linux 6.7 a user namespace has formats of programs of its own.
set -eu

if [ "${1-}" = --inside ]; then
  shift
  # Until the users outside are known inside.
  while [ -z "$(cat /proc/self/uid_map)" ]; do sleep 0.05; done
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  # An ELF file of 64 bits, little-endian, for machine 0xb7. F: the emulator is opened now, so that a chroot need not have it.
  printf '%s' ':arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:FOC' \
    > /proc/sys/fs/binfmt_misc/register
  exec "$@"
fi

# What runs beside a shell has nothing to read, unless it is given.
exec 3<&0
unshare --user --mount sh "$0" --inside "$@" <&3 &
inside=$!
while [ "$(readlink "/proc/$inside/ns/user")" = "$(readlink /proc/self/ns/user)" ]; do sleep 0.05; done
echo '0 0 4294967295' > "/proc/$inside/uid_map"
echo '0 0 4294967295' > "/proc/$inside/gid_map"
wait "$inside"
