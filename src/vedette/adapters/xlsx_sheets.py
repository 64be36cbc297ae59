"""Inventory sheets for the gateway, which loads the library for them (a tenth of a second) with the first sheet."""

from collections.abc import Sequence

from vedette.camera.inventory import Camera
from vedette.camera.inventory_sheet import SheetRow


class XlsxSheets:
    """See `vedette.api.ports.Sheets`."""

    def read_sheet(self, data: bytes) -> list[SheetRow]:
        from vedette.adapters.xlsx_inventory import read_sheet  # noqa: PLC0415 -- see above

        return read_sheet(data)

    def write_sheet(self, cameras: Sequence[Camera]) -> bytes:
        from vedette.adapters.xlsx_inventory import write_sheet  # noqa: PLC0415 -- see above

        return write_sheet(cameras)
