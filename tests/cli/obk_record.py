"""An OpenBeken record, read from the layout table alone: the independent check of what the program writes."""

import csv
import os
import struct

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")
COLUMNS = {("D", 3): "v3_D", ("D", 4): "v4_D", ("D", 5): "v5_D", ("A", 5): "v5_A", ("B", 5): "v5_B",
           ("C", 5): "v5_C"}


def crc8(data, signed):
    crc = 0
    for byte in data:
        for bit in range(8):
            differs = (crc ^ (byte >> bit)) & 1
            crc = (crc >> 1) | (crc & 0x80 if signed else 0)
            if differs:
                crc ^= 0x8C
    return crc


def layout(group, version):
    column = "offset_" + COLUMNS[group, version]
    fields = {}
    with open(os.path.join(DATA, "obk-config-layout.csv"), newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if "/" in (row[column] or ""):
                offset, size = row[column].split("/")
                fields[row["field"]] = (int(offset, 16), int(size))
    return fields


class Record:
    """Checks ident and checksum, then gives fields by the names of the firmware's structure."""

    def __init__(self, data, group="D", signed=True):
        assert data[:3] == b"CFG", "no record"
        self.version = struct.unpack_from("<i", data, 4)[0]
        self.length = 2016 if self.version <= 3 else 3584
        self.data = data[:self.length]
        assert crc8(self.data[4:], signed) == self.data[3], "wrong checksum"
        self.fields = layout(group, self.version)

    def raw(self, name):
        offset, size = self.fields[name]
        return self.data[offset:offset + size]

    def text(self, name):
        return self.raw(name).split(b"\0")[0].decode()

    def number(self, name):
        return int.from_bytes(self.raw(name), "little")

    def pin(self, pin):
        """(role name, channel, second channel)"""
        table = self.raw("pins")
        room = (len(table) - 64) // 3
        with open(os.path.join(DATA, "obk-roles.csv"), newline="", encoding="utf-8") as file:
            roles = [row["name"] for row in csv.DictReader(file)]
        return roles[table[pin]], table[room + pin], table[2 * room + pin]
