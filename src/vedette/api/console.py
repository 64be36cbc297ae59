"""The built console as static files.

Only files that were there at start are served, looked up by their exact path, so no path from outside ever
reaches the file system. Hashed assets are cached for ever; the page itself is asked for again each time.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from vedette.api.access import Standing, allows
from vedette.core.errors import NotFoundError

BUILT_CONSOLE = Path(__file__).parent / "static"
_IMMUTABLE = "public, max-age=31536000, immutable"
_NOT_PAGES = frozenset({"api", "healthz", "readyz", "metrics", "status"})
"""Health and metrics are on the management socket; here a page must not look like an answer to a monitor."""
_NOT_BUILT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Vedette</title></head>
<body><h1>The console has not been built</h1>
<p>Vedette runs, but its web console is missing from this installation.</p>
<p>In the source folder run <code>make setup</code> (it builds <code>console/</code>) and start again.
The HTTP API works without it: <a href="/api/openapi.json">/api/openapi.json</a>.</p></body></html>"""


def find_files(folder: Path) -> dict[str, Path]:
    """Lists the files of the console by the path they are served at. Links are left out."""
    if not (folder / "index.html").is_file():
        return {}
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def console_route(folder: Path = BUILT_CONSOLE) -> Route:
    """Makes the last route: files, and the page for every address that only the page understands."""
    files = find_files(folder)

    @allows(Standing.PUBLIC)
    async def show_console(request: Request) -> Response:
        path = request.path_params["path"]
        if path.partition("/")[0] in _NOT_PAGES:
            raise NotFoundError(f"there is no /{path}", "The routes are in /api/openapi.json.")
        if not files:
            return HTMLResponse(_NOT_BUILT, status_code=503)
        found = files.get(path)
        if found is None and "." in path.rpartition("/")[2]:
            raise NotFoundError(f"there is no file /{path}")
        served = found or files["index.html"]
        is_hashed = found is not None and path.startswith("assets/")
        return FileResponse(served, headers={"Cache-Control": _IMMUTABLE if is_hashed else "no-cache"})

    return Route("/{path:path}", show_console, methods=["GET", "HEAD"], include_in_schema=False)
