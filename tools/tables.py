#!/usr/bin/env python3
"""Turns a table of data/ into a C source: tables.py NAME DATA_FOLDER OUTPUT.

One function per table, named after it. Rows come out sorted by their key, so that the library can
search them; a malformed row ends the build with its line number.
"""
import csv
import pathlib
import re
import sys


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, row


def quoted(text):
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return '"' + "".join(out) + '"'


def opcodes(text, count):
    values = [int(part, 16) for part in text.split("-") if part and part != "FF"]
    if len(values) > count:
        raise ValueError("more than %d opcodes" % count)
    values += [0] * (count - len(values))
    return ", ".join("0x%02X" % value for value in values)


def flash_parts(data):
    lines = []
    seen = set()
    for number, row in sorted(rows_of(data / "beken-spi-flash.csv"), key=lambda r: int(r[1]["mid_hex"], 16)):
        try:
            jedec = int(row["mid_hex"], 16)
            if jedec in seen:
                raise ValueError("JEDEC id appears twice")
            seen.add(jedec)
            lines.append(
                "    {0x%06X, %s, %s, %d, %s, 0x%02X, 0x%02X, 0x%04X, %s, %s, {%s}, {%s}},"
                % (jedec, quoted(row["ic_name"]), quoted(row["manufacturer"]), int(row["size_bytes"]),
                   int(row["sr_count"]), int(row["cw_unprotect"], 16), int(row["cw_protect"], 16),
                   int(row["cw_mask"], 16), int(row["sb"]), int(row["lb"]),
                   opcodes(row["read_sr_opcodes"], 3), opcodes(row["write_sr_opcodes"], 3)))
        except (KeyError, ValueError) as error:
            sys.exit("beken-spi-flash.csv:%d: %s" % (number, error))
    return ('#include "flash/parts.h"\n\nconst struct rk_flash_part rk_flash_parts[] = {\n'
            + "\n".join(lines)
            + "\n};\n\nconst size_t rk_flash_part_count = sizeof rk_flash_parts / sizeof rk_flash_parts[0];\n")


def parameters(text):
    values = bytes.fromhex(text)
    if len(values) != 84:
        raise ValueError("flash parameters are 84 bytes")
    return "{%s}" % ", ".join("0x%02X" % value for value in values)


def bl602_parts(data):
    return ('#include "flash/bl602_parts.h"\n'
            + table(data, "bl602-spi-flash.csv", "rk_bl602_part", "rk_bl602_parts", "rk_bl602_part_count",
                    lambda row: ["0x%06X" % int(row["jedec_id"], 16), quoted(row["name"]),
                                 str(int(row["size_bytes"])), "true" if row["in_rom"] == "1" else "false",
                                 parameters(row["parameters"])],
                    order=lambda row: int(row["jedec_id"], 16)))


def boot2_build(row):
    digest = bytes.fromhex(row["sha256"])
    if len(digest) != 32:
        raise ValueError("sha256 has not 32 bytes")
    return [quoted(row["name"]), str(int(row["size"])),
            "{%s}" % ", ".join("0x%02X" % byte for byte in digest)]


def layout_entry(row):
    values = [int(row[name], 0) for name in ("addr0", "addr1", "size0", "size1")]
    if len(row["name"]) > 8:
        raise ValueError("a name has at most 8 characters")
    return [quoted(row["layout"]), "0x%X" % int(row["flash_size"], 0),
            "{.type = %d, .name = %s, .addr = {0x%X, 0x%X}, .max_len = {0x%X, 0x%X}}"
            % (int(row["type"]), quoted(row["name"]), *values)]


def bl602_layouts(data):
    return ('#include "image/bouffalo/layout.h"\n'
            + table(data, "bl602-layouts.csv", "rk_bfl_layout_entry", "rk_bfl_layout_entries",
                    "rk_bfl_layout_entry_count", layout_entry))


def bl602_tree(data):
    """The default device tree, as text for the compiler in the library."""
    lines = (data / "bl602-device-tree.dts").read_text(encoding="utf-8").splitlines()
    return ('#include "image/bouffalo/pieces.h"\n\nconst char rk_bfl_default_tree[] =\n'
            + "\n".join("    " + quoted(line + "\n") for line in lines) + ";\n")


def bl602_boot2(data):
    return ('#include "image/bouffalo/boot2.h"\n'
            + table(data, "bl602-boot2.csv", "rk_bfl_boot2_build", "rk_bfl_boot2_builds",
                    "rk_bfl_boot2_build_count", boot2_build))


KEY_CLASSES = {"zero": "RK_KEY_ZERO", "tuya": "RK_KEY_TUYA", "vendor": "RK_KEY_VENDOR"}


def bl602_stub(data):
    lines = (data / "bl602-stub.txt").read_text(encoding="ascii").splitlines()
    image = bytes.fromhex("".join(line for line in lines if not line.startswith("#")))
    rows = "\n".join("    " + " ".join("0x%02X," % byte for byte in image[at:at + 16])
                     for at in range(0, len(image), 16))
    return ('#include "chip/bouffalo/stub.h"\n\nconst uint8_t rk_stub_image[] = {\n' + rows
            + "\n};\n\nconst size_t rk_stub_image_len = sizeof rk_stub_image;\n")


def boot_builds(data):
    lines = []
    for number, row in rows_of(data / "beken-boot-loaders.csv"):
        try:
            digest = bytes.fromhex(row["sha256"])
            if len(digest) != 32:
                raise ValueError("sha256 has not 32 bytes")
            lines.append(
                "    {%s, %s, %s, %s, %d, {%s}, 0x%08X, 0x%08X},"
                % (quoted(row["name"]), quoted(row["variant"]), quoted(row["chip"]), KEY_CLASSES[row["key"]],
                   int(row["length"]), ", ".join("0x%02X" % byte for byte in digest),
                   int(row["crc256"], 16), int(row["crc257"], 16)))
        except (KeyError, ValueError) as error:
            sys.exit("beken-boot-loaders.csv:%d: %s" % (number, error))
    return ('#include "image/beken/boot.h"\n\nconst struct rk_boot_build rk_boot_builds[] = {\n'
            + "\n".join(lines)
            + "\n};\n\nconst size_t rk_boot_build_count = sizeof rk_boot_builds / sizeof rk_boot_builds[0];\n")


SERIES = {"N": "RK_SERIES_N", "T": "RK_SERIES_T", "7238": "RK_SERIES_7238"}


def image_targets(data):
    lines = []
    for number, row in rows_of(data / "beken-image-targets.csv"):
        try:
            addresses = [int(text, 16) for text in row["rf_addrs"].split()]
            if not 1 <= len(addresses) <= 3:
                raise ValueError("one to three RF addresses")
            lines.append(
                "    {%s, %s, %s, {%s}, %d, 0x%X},"
                % (quoted(row["chip"]), SERIES[row["series"]],
                   " | ".join("RK_KEY_BIT(%s)" % KEY_CLASSES[key] for key in row["keys"].split()),
                   ", ".join("0x%X" % address for address in addresses), len(addresses),
                   int(row["usual_size"], 16)))
        except (KeyError, ValueError) as error:
            sys.exit("beken-image-targets.csv:%d: %s" % (number, error))
    return ('#include "image/beken/target.h"\n\nconst struct rk_target rk_targets[] = {\n'
            + "\n".join(lines)
            + "\n};\n\nconst size_t rk_target_count = sizeof rk_targets / sizeof rk_targets[0];\n")


def crc16_tables(data):
    """Slicing tables for the CRC of code blocks: row k is a byte followed by k zero bytes."""
    def step(crc):
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
        return crc

    rows = [[step(byte << 8) for byte in range(256)]]
    for _ in range(3):
        rows.append([step(crc) for crc in rows[-1]])
    text = ",\n".join("    {" + ", ".join("0x%04X" % crc for crc in row) + "}" for row in rows)
    return '#include "base/crc.h"\n\nconst uint16_t rk_crc16_tables[4][256] = {\n' + text + "};\n"


def table(data, name, struct, array, counter, convert, order=None):
    """The rows of one CSV as a constant C array and its length."""
    lines = []
    rows = rows_of(data / name)
    for number, row in sorted(rows, key=lambda r: order(r[1])) if order else rows:
        try:
            lines.append("    {%s}," % ", ".join(convert(row)))
        except (KeyError, ValueError) as error:
            sys.exit("%s:%d: %s" % (name, number, error))
    return ("\nconst struct %s %s[] = {\n%s\n};\nconst size_t %s = sizeof %s / sizeof %s[0];\n"
            % (struct, array, "\n".join(lines), counter, array, array))


PIN_CHANNELS = {"": "RK_CHANNEL_NONE", "n": "RK_CHANNEL_NUMBER"}


def pin_rule(row):
    if row["kind"] not in ("pin", "value"):
        raise ValueError("kind is pin or value")
    value = row["kind"] == "value"
    return [quoted(row["key"]), quoted(row["what"]), "true" if value else "false",
            quoted(row["role_high"] if value else "")] + [
            quoted("" if value else row[name]) for name in ("role_high", "role_low", "role_unknown")] + [
            PIN_CHANNELS.get(row["channel"]) or str(int(row["channel"]))]


def module(row):
    return [quoted(row["module"]), quoted(row["chip"]), quoted(row["obk_chip"]),
            str(int(row["flash_bytes"] or 0)), str(int(row["pads"] or 0)), quoted(row["pinout"])]


def tuya_tables(data):
    return ('#include "config/tables.h"\n#include "config/esphome.h"\n'
            + table(data, "tuya-pins.csv", "rk_pin_rule", "rk_pin_rules", "rk_pin_rule_count", pin_rule)
            + table(data, "tuya-platforms.csv", "rk_tuya_platform", "rk_tuya_platforms",
                    "rk_tuya_platform_count", lambda row: [quoted(row["platform"]), quoted(row["chip"])])
            + table(data, "tuya-modules.csv", "rk_module", "rk_module_rows", "rk_module_row_count",
                    module, order=lambda row: row["module"].upper())
            + table(data, "tuya-datapoints.csv", "rk_datapoint_rule", "rk_datapoint_rules",
                    "rk_datapoint_rule_count",
                    lambda row: [quoted(row[name]) for name in (
                        "category", "code", "name", "entity_category", "device_class", "state_class",
                        "labels")]))


def usb_bridges(data):
    return ('#include "link/bridge.h"\n'
            + table(data, "usb-bridges.csv", "rk_bridge", "rk_bridges", "rk_bridge_count",
                    lambda row: ["0x%04X" % int(row["vid"], 16), "0x%04X" % int(row["pid"], 16),
                                 quoted(row["product"]), quoted(row["name"]), str(int(row["max_baud"]))]))


OBK_LAYOUTS = ("v1_2022-04-17_D", "v2_2022-04-25_D", "v2_2022-08_D", "v3_D", "v4_D", "v5_D", "v5_A",
               "v5_B", "v5_C")
OBK_KINDS = {"text": "TEXT", "u8": "U8", "u16": "U16", "u32": "U32", "mac": "MAC", "ip": "IP",
             "bytes": "BYTES", "floats": "FLOATS", "words": "WORDS"}


def obk_span(text):
    """Offset and size of a cell like 0x014/64; nothing of an empty one."""
    if "/" not in (text or ""):
        return 0, 0
    offset, size = text.split("/")
    return int(offset, 16), int(size)


def obk_field(layout):
    def convert(row):
        part = int(row["part"])
        spans = []
        for name in OBK_LAYOUTS:
            offset, size = obk_span(layout[row["field"]]["offset_" + name])
            if row["kind"] == "ip" and size:
                offset, size = offset + 4 * part, 4
            spans.append("{0x%X, %d}" % (offset, size))
        return [quoted(row["name"]), quoted(row["meaning"]), "RK_OBK_" + OBK_KINDS[row["kind"]],
                "true" if row["secret"] == "yes" else "false", "{%s}" % ", ".join(spans)]
    return convert


OBK_CRC = {"signed": "RK_OBK_CRC_SIGNED", "unsigned": "RK_OBK_CRC_UNSIGNED", "unknown": "RK_OBK_CRC_UNKNOWN"}


def obk_platform(row):
    store = {"raw": "RK_OBK_RAW", "easyflash": "RK_OBK_EASYFLASH"}.get(row["config_store"], "RK_OBK_OTHER")
    addresses = re.findall(r"0x[0-9A-F]+", row["config_address"])[:3] if store != "RK_OBK_OTHER" else []
    if row["platform"] == "BL702":
        addresses = []
    lengths = re.findall(r"0x[0-9A-F]+", row["config_length"]) or ["0"]
    return [quoted(row["platform"]), quoted(row["long_prefix"]), quoted(row["short_prefix"]),
            str(int(row["gpio_max"] or 0)), "'%s'" % row["layout_group"], OBK_CRC[row["crc_char"]], store,
            quoted(row["config_key"] if store == "RK_OBK_EASYFLASH" else ""),
            "{%s}" % ", ".join(addresses + ["0"] * (3 - len(addresses))),
            lengths[0] if store == "RK_OBK_EASYFLASH" else "0"]


def names(data, name, column, array, counter):
    rows = [row for _, row in rows_of(data / name)]
    for index, row in enumerate(rows):
        if int(row["id"]) != index:
            sys.exit("%s: row %d has id %s" % (name, index, row["id"]))
    return ("\nconst char *const %s[] = {%s};\nconst size_t %s = sizeof %s / sizeof %s[0];\n"
            % (array, ", ".join(quoted(row[column]) for row in rows), counter, array, array))


def obk_tables(data):
    layout = {row["field"]: row for _, row in rows_of(data / "obk-config-layout.csv")}
    spans = [obk_span(row["offset_v1_2022-04-17_D"]) for row in layout.values()]
    v1 = ["{0x%X, %d}" % span for span in spans if span[1] and span[0] >= 4]
    rows = []
    for name in OBK_LAYOUTS:
        pins, starts = (obk_span(layout[field]["offset_" + name]) for field in ("pins", "startChannelValues"))
        rows.append("    {0x%X, %d, 0x%X}," % (pins[0], pins[1], starts[0]))
    return ('#include "config/obk.h"\n'
            + table(data, "obk-fields.csv", "rk_obk_field", "rk_obk_fields", "rk_obk_field_count",
                    obk_field(layout))
            + table(data, "obk-platforms.csv", "rk_obk_platform", "rk_obk_platform_rows",
                    "rk_obk_platform_count", obk_platform)
            + table(data, "obk-roles.csv", "rk_obk_role", "rk_obk_roles", "rk_obk_role_count",
                    lambda row: [quoted(row["name"]), quoted(row["easy_flasher_name"] or row["name"]),
                                 row["channels"]])
            + table(data, "obk-flags.csv", "rk_obk_flag", "rk_obk_flags", "rk_obk_flag_count",
                    lambda row: [quoted(row["name"]), quoted(row["meaning"])])
            + names(data, "obk-channel-types.csv", "name", "rk_obk_channel_types",
                    "rk_obk_channel_type_count")
            + "\nconst struct rk_obk_layout rk_obk_layouts[RK_OBK_LAYOUTS] = {\n%s\n};\n" % "\n".join(rows)
            + "\nconst struct rk_obk_span rk_obk_spans_v1[] = {%s};\n" % ", ".join(v1)
            + "const size_t rk_obk_span_v1_count = %d;\n" % len(v1))


# ---- scenarios of virtual modules ----

STEP_KINDS = {"@reset": "RK_STEP_RESET", "@off": "RK_STEP_OFF", "@uart": "RK_STEP_UART",
              "@baud": "RK_STEP_BAUD", "@erase": "RK_STEP_ERASE"}
TICK = "Info:MAIN:%sTime %d, idle %d/s, free 77832, MQTT 0(0), bWifi 0, secondsWithNoPing -1, socks 2/38 "


def unescaped(text):
    return re.sub(r"\\(x[0-9a-fA-F]{2}|[rn\\])",
                  lambda m: {"r": "\r", "n": "\n", "\\": "\\"}.get(m[1]) or chr(int(m[1][1:], 16)),
                  text)


def octal(text):
    return '"' + "".join(c if " " <= c < "\x7f" and c not in '"\\?' else "\\%03o" % ord(c)
                         for c in text) + '"'


def read_scripts(path):
    scripts, current = {}, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        head = re.fullmatch(r"\[([a-z0-9-]+)\]", line)
        if head:
            current = scripts.setdefault(head[1], [])
        elif line.strip() and not line.startswith("#"):
            if current is None:
                sys.exit("%s:%d: a line outside of any script" % (path.name, number))
            current.append((number, line))
    return scripts


def script_steps(scripts, name, path):
    if name not in scripts:
        sys.exit("%s: no script [%s]" % (path.name, name))
    steps = []
    for number, line in scripts[name]:
        text = re.fullmatch(r"(\d+)([|:])(?: (.*))?", line)
        words = line.split()
        if text:
            out = unescaped(text[3] or "") + ("\r\n" if text[2] == "|" else "")
            steps.append(("RK_STEP_TEXT", int(text[1]), 0, out))
        elif words[0] == "@include":
            steps += script_steps(scripts, words[1], path)
        elif words[0] in ("@ticks", "@safe-ticks"):
            mark = "[SAFE] " if words[0] == "@safe-ticks" else ""
            for second in range(int(words[1]), int(words[2]) + 1):
                steps.append(("RK_STEP_TEXT", 992, 0,
                              TICK % (mark, second, 190000 + 37 * second) + "\r\n"))
        elif words[0] == "@reset":
            steps.append((STEP_KINDS[words[0]], int(words[1]), int(words[2], 16), ""))
        elif words[0] == "@off":
            steps.append((STEP_KINDS[words[0]], int(words[1]), int(words[2]), ""))
        elif words[0] in STEP_KINDS:
            steps.append((STEP_KINDS[words[0]], 0, int(words[1], 0), ""))
        else:
            sys.exit("%s:%d: not understood" % (path.name, number))
    return steps


def sim_scenarios(data):
    path = data / "sim-scripts.txt"
    scripts = read_scripts(path)
    rows = [row for _, row in rows_of(data / "sim-scenarios.csv")]
    out = ['#include "sim/scenario.h"\n']
    for name in sorted({row["script"] for row in rows}):
        steps = script_steps(scripts, name, path) or [("RK_STEP_END", 0, 0, "")]
        out.append("\nstatic const struct rk_step script_%s[] = {\n" % name.replace("-", "_"))
        for kind, wait, value, text in steps:
            out.append("    {%s, %d, 0x%Xu, %d, %s},\n"
                       % (kind, wait, value, len(text), octal(text) if text else "NULL"))
        out.append("};\n")
    out.append("\nconst struct rk_scenario rk_scenarios[] = {\n")
    for row in sorted(rows, key=lambda r: r["id"]):
        script = "script_" + row["script"].replace("-", "_")
        out.append("    {%s, %s, %s, %s, %s, %s, sizeof %s / sizeof %s[0]},\n"
                   % (quoted(row["id"]), quoted(row["models"]), quoted(row["flash"]),
                      quoted(row["settings"]), quoted(row["shows"]), script, script, script))
    out.append("};\nconst size_t rk_scenario_count = sizeof rk_scenarios / sizeof rk_scenarios[0];\n")
    return "".join(out)


# ---- rules of the checkup ----

def checkup_rules(data):
    sources = {row["id"]: row["sources"] for _, row in rows_of(data / "checkup-sources.csv")}
    kinds = {"failure": "RK_FINDING_FAILURE", "state": "RK_FINDING_STATE", "ok": "RK_FINDING_OK"}
    return ('#include "job/checkup.h"\n'
            + table(data, "checkup-lines.csv", "rk_checkup_mark", "rk_checkup_marks",
                    "rk_checkup_mark_count",
                    lambda row: [quoted(row["fact"]), quoted(row["pattern"]), quoted(row["meaning"])])
            + table(data, "checkup-rules.csv", "rk_checkup_rule", "rk_checkup_rules",
                    "rk_checkup_rule_count",
                    lambda row: [quoted(row["id"]), kinds[row["kind"]], quoted(row["all"]),
                                 quoted(row["none"]), str(int(row["confidence"])),
                                 quoted(row["meaning"]), quoted(row["next"]), quoted(row["remedy"]),
                                 quoted(row["repair"]), quoted(sources[row["id"]])]))


TABLES = {
    "bl602_boot2": bl602_boot2,
    "bl602_stub": bl602_stub,
    "bl602_layouts": bl602_layouts,
    "bl602_parts": bl602_parts,
    "bl602_tree": bl602_tree,
    "boot_builds": boot_builds,
    "checkup_rules": checkup_rules,
    "crc16_tables": crc16_tables,
    "flash_parts": flash_parts,
    "image_targets": image_targets,
    "obk_tables": obk_tables,
    "sim_scenarios": sim_scenarios,
    "tuya_tables": tuya_tables,
    "usb_bridges": usb_bridges,
}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in TABLES:
        sys.exit("usage: tables.py %s DATA_FOLDER OUTPUT" % "|".join(sorted(TABLES)))
    name, data, output = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    text = TABLES[name](data)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("/* Generated by tools/tables.py: do not edit. */\n" + text, encoding="utf-8")


if __name__ == "__main__":
    main()
