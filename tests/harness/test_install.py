"""What `make install` installs is what an application can be built with, and clashes with nothing."""
import os
import pathlib
import re
import subprocess

import pytest

RELEASE = pathlib.Path(os.environ["PLAIN_RELEASE"]).parent
USES_THE_LIBRARY = """
#include <plain/jobs/uuid.h>
/* A name that the library has too, inside. */
int buf_puts(void);
int buf_puts(void) { return 3; }
int main(void)
{
    char text[PLAIN_UUID_TEXT];
    plain_uuid uuid = plain_uuid_new();
    return plain_uuid_format(&uuid, text) == text && buf_puts() == 3 ? 0 : 1;
}
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The installed tree, its .pc files moved along with it."""
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["meson", "install", "--quiet", "--no-rebuild", "-C", RELEASE], check=True,
                   env={**os.environ, "DESTDIR": str(root)})
    found = next(root.glob("**/lib/pkgconfig/plain-jobs.pc")).parent.parent.parent
    for pc in (found / "lib/pkgconfig").glob("*.pc"):
        pc.write_text(re.sub("^prefix=.*", f"prefix={found}", pc.read_text(), flags=re.M))
    return found


def pkg_config(prefix, *arguments):
    done = subprocess.run(["pkg-config", *arguments], check=True, capture_output=True, text=True,
                          env={**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"})
    return done.stdout.split()


def compile_application(prefix, folder, *libraries):
    source = folder / "application.c"
    source.write_text(USES_THE_LIBRARY)
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Werror", "-o", folder / "application", source,
                    *pkg_config(prefix, "--cflags", "plain-jobs"), *libraries], check=True)
    return folder / "application"


@pytest.mark.parametrize("library", ["plain-jobs", "plain-jobs-main"])
def test_an_application_links_the_shared_library(prefix, tmp_path, library):
    program = compile_application(prefix, tmp_path, *pkg_config(prefix, "--libs", library))
    subprocess.run([program], check=True, env={"LD_LIBRARY_PATH": f"{prefix}/lib"})
    needed = subprocess.run(["readelf", "-d", program], capture_output=True, text=True).stdout
    assert f"[lib{library}.so.0]" in needed


@pytest.mark.parametrize("library", ["plain-jobs", "plain-jobs-main"])
def test_an_application_links_the_static_library(prefix, tmp_path, library):
    others = [flag for name in ("sqlite3", "libpq", "jansson", "libuv", "libconfuse", "libunwind")
              for flag in pkg_config(prefix, "--libs", name)]
    program = compile_application(prefix, tmp_path, f"{prefix}/lib/lib{library}.a", *others, "-lm")
    subprocess.run([program], check=True)


def test_the_program_is_installed_and_runs_from_anywhere(prefix, tmp_path):
    done = subprocess.run([prefix / "bin/plain", "--help"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_the_program_is_hardened():
    read = subprocess.run(["readelf", "-lWd", RELEASE / "plain"], capture_output=True, text=True,
                          check=True).stdout
    symbols = subprocess.run(["nm", "-D", RELEASE / "plain"], capture_output=True, text=True,
                             check=True).stdout
    assert "GNU_RELRO" in read and "BIND_NOW" in read and "PIE" in read
    assert re.search(r"GNU_STACK .* RW ", read)
    assert "__stack_chk_fail" in symbols and re.search(r"__\w+_chk@", symbols)
