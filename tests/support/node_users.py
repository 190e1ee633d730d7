"""Users of nodes are users of this host: under names that nobody else has, looked up in its own database, and gone whatever happens.

Only root can make users: elsewhere ALLOWED is false, and workers with OPTIONS refuse them as any worker does that is not told to make them.
"""
import contextlib
import crypt
import grp
import itertools
import os
import pathlib
import pwd
import spwd
import subprocess

ALLOWED = os.geteuid() == 0
OPTIONS = ("--set", "worker.node-users=true") if ALLOWED else ()
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmadeuphere me@home"
_numbers = itertools.count()


@contextlib.contextmanager
def made_up(count=1):
    names = [f"wlt{os.getpid()}x{next(_numbers)}" for _ in range(count)]
    try:
        yield names
    finally:
        for name in names:
            if exists(name):
                subprocess.run(["/usr/sbin/userdel", "--force", "--remove", name], capture_output=True, check=False)


def exists(name):
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def takes_password(name, password):
    known = spwd.getspnam(name).sp_pwdp
    return known not in ("", "*") and not known.startswith("!") and crypt.crypt(password, known) == known


def last_day(name):
    """Days since 1970 from which it is shut."""
    return spwd.getspnam(name).sp_expire


def keys(name):
    file = pathlib.Path(pwd.getpwnam(name).pw_dir) / ".ssh" / "authorized_keys"
    return file.read_text() if file.exists() and file.owner() == name and file.stat().st_mode & 0o77 == 0 else None


def is_admin(name):
    return any(name in group.gr_mem for group in grp.getgrall() if group.gr_name in ("sudo", "wheel"))
