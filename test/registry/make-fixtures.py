"""Makes fixtures.json: records as independent encoders write them, and what they must become, as MongoDB's extended JSON.

fastavro 1.13.1 encodes Avro, protoc and protobuf 7.36.2 encode Protobuf, and the framing is that of confluent-kafka 2.16.1:

  python3 -m venv venv && venv/bin/pip install fastavro==1.13.1 grpcio-tools==1.85.1 "confluent-kafka[schemaregistry]==2.16.1"
  venv/bin/python test/registry/make-fixtures.py > test/registry/fixtures.json
"""
import base64, datetime, decimal, importlib, io, json, os, sys, tempfile, uuid

import fastavro
from confluent_kafka.schema_registry.common.serde import SchemaId
from grpc_tools import protoc

UTC = datetime.timezone.utc
GUID = "89791762-2336-4186-9674-299b90a802e2"
fixtures = []


def add(what, schema_type, schema, payload, expected, references=(), path=None, compiled=None):
    """`compiled`: the schema and what it refers to as clients in other languages than Java register them."""
    schema_id = SchemaId(schema_type, schema_id=7, guid=GUID, message_indexes=path)
    framed = schema_id.id_to_bytes() + payload
    fixtures.append({
        "what": what, "type": schema_type, "schema": schema, "references": list(references),
        "bytes": base64.b64encode(framed).decode(), "expected": expected,
        "payload": base64.b64encode(payload).decode(), "header": base64.b64encode(schema_id.guid_to_bytes()).decode(),
    })
    if compiled is not None:
        fixtures[-1]["compiled"] = {name: base64.b64encode(data).decode() for name, data in compiled.items()}


def avro(what, schema, value, expected, named=()):
    """`named`: schemas that this one refers to."""
    known = {}
    for other in named:
        fastavro.parse_schema(other, named_schemas=known)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema, named_schemas=known), value)
    references = [{"name": other["name"], "text": json.dumps(other)} for other in named]
    add(what, "AVRO", json.dumps(schema), out.getvalue(), expected, references)


def record(*fields):
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": kind} for name, kind in fields]}


def long(value):
    return {"$numberLong": str(value)}


def date(ms):
    return {"$date": {"$numberLong": str(ms)}}


def binary(data, kind="00"):
    return {"$binary": {"base64": base64.b64encode(data).decode(), "subType": kind}}


avro("primitives", record(("n", "null"), ("b", "boolean"), ("i", "int"), ("s", "string"), ("x", "bytes")),
     {"n": None, "b": True, "i": -2147483648, "s": "Ädä 😀", "x": b"\x00\xff"},
     {"n": None, "b": True, "i": {"$numberInt": "-2147483648"}, "s": "Ädä 😀", "x": binary(b"\x00\xff")})
for value in (0, -1, 1, 63, -64, 2**31, 2**48, -(2**48), 2**53 - 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)):
    avro(f"the long {value}", record(("l", "long")), {"l": value}, {"l": long(value)})
for value, text in ((1.5, "1.5"), (3.0, "3.0"), (-0.0, "-0.0"), (1e300, "1e+300"), (float("inf"), "Infinity"), (float("nan"), "NaN")):
    avro(f"the double {text}", record(("d", "double")), {"d": value}, {"d": {"$numberDouble": text}})
avro("a float", record(("f", "float")), {"f": 0.5}, {"f": {"$numberDouble": "0.5"}})
avro("a union without wrapper", record(("u", ["null", "string", "long"]), ("v", ["null", "string", "long"])),
     {"u": "x", "v": None}, {"u": "x", "v": None})
avro("enum, fixed, array and map",
     record(("e", {"type": "enum", "name": "E", "symbols": ["NEW", "PAID"]}), ("f", {"type": "fixed", "name": "F", "size": 3}),
            ("a", {"type": "array", "items": "int"}), ("m", {"type": "map", "values": {"type": "array", "items": "string"}})),
     {"e": "PAID", "f": b"abc", "a": [1, -2], "m": {"k": ["x"], "a.b": []}},
     {"e": "PAID", "f": binary(b"abc"), "a": [{"$numberInt": "1"}, {"$numberInt": "-2"}], "m": {"k": ["x"], "a.b": []}})
tree = {"type": "record", "name": "Tree", "namespace": "x", "fields": [
    {"name": "v", "type": "int"}, {"name": "next", "type": ["null", "Tree"], "default": None}]}
avro("a type that contains itself", tree, {"v": 1, "next": {"v": 2, "next": None}},
     {"v": {"$numberInt": "1"}, "next": {"v": {"$numberInt": "2"}, "next": None}})
for text, scale in (("12.34", 2), ("-0.01", 2), ("0.00", 2), ("-1", 0), ("1234567890123456789012345678901234", 0)):
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 34, "scale": scale}
    avro(f"the decimal {text}", record(("d", kind)), {"d": decimal.Decimal(text)}, {"d": {"$numberDecimal": text}})
avro("a decimal in fixed bytes", record(("d", {"type": "fixed", "name": "D", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 3})),
     {"d": decimal.Decimal("-1.250")}, {"d": {"$numberDecimal": "-1.250"}})
at = datetime.datetime(1969, 12, 31, 23, 59, 59, 998500, tzinfo=UTC)
avro("dates and times", record(
    ("day", {"type": "int", "logicalType": "date"}), ("ms", {"type": "long", "logicalType": "timestamp-millis"}),
    ("us", {"type": "long", "logicalType": "timestamp-micros"}), ("id", {"type": "string", "logicalType": "uuid"}),
    ("t", {"type": "int", "logicalType": "time-millis"}), ("tu", {"type": "long", "logicalType": "time-micros"})),
     {"day": datetime.date(1969, 12, 31), "ms": datetime.datetime(2026, 1, 31, 12, 0, 0, 123000, tzinfo=UTC), "us": at,
      "id": uuid.UUID(GUID), "t": datetime.time(0, 0, 1), "tu": datetime.time(0, 0, 1)},
     {"day": date(-86_400_000), "ms": date(1769860800123), "us": date(-2), "id": GUID,
      "t": {"$numberInt": "1000"}, "tu": long(1_000_000)})
avro("a reference to another schema", {"type": "record", "name": "Order", "namespace": "x", "fields": [{"name": "who", "type": "x.Person"}]},
     {"who": {"name": "Ada"}}, {"who": {"name": "Ada"}},
     [{"type": "record", "name": "x.Person", "fields": [{"name": "name", "type": "string"}]}])
avro("a text on its own", "string", "o-1", "o-1")
avro("a long on its own", "long", 2**60, long(2**60))

MONEY = 'syntax = "proto3"; package shop; message Money { int64 units = 1; string currency = 2; }'
ORDER = '''syntax = "proto3"; package shop;
import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/struct.proto"; import "money.proto";
message Ignored { string x = 1; }
message Order {
  message Item { string sku = 1; uint32 count = 2; }
  enum Status { NEW = 0; PAID = 1; }
  string id = 1; Money total = 2; repeated Item items = 3; Status status = 4; google.protobuf.Timestamp at = 5;
  map<string, int32> tags = 6; oneof payment { string card = 7; string bank = 8; } optional int32 rank = 9;
  google.protobuf.StringValue note = 10; bytes raw = 11; double weight = 12; uint64 hash = 13; map<int64, string> by_number = 14;
  google.protobuf.Struct extra = 15; sint64 delta = 16; repeated sint32 packed = 17; bool done = 18; fixed64 mark = 19; float share = 20;
}'''
folder = tempfile.mkdtemp()
for name, text in (("money.proto", MONEY), ("order.proto", ORDER)):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
include = os.path.join(os.path.dirname(importlib.import_module("grpc_tools").__file__), "_proto")
if protoc.main(["", f"-I{folder}", f"-I{include}", f"--python_out={folder}", "money.proto", "order.proto"]) != 0:
    raise SystemExit("protoc failed")
sys.path.insert(0, folder)
pb = importlib.import_module("order_pb2")
full = pb.Order(id="o-1", status=pb.Order.PAID, card="", rank=0, raw=b"\x01", weight=2, hash=2**64 - 1, delta=-(2**62), packed=[1, -1],
                done=True, mark=7, share=0.5, tags={"a": 1})
full.total.units, full.total.currency = 2**53 + 1, "EUR"
full.items.add(sku="A", count=2**32 - 1)
full.at.FromDatetime(datetime.datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC))
full.note.value = "gift"
full.by_number[-5] = "minus five"
full.extra.update({"n": 1.5, "l": [True, None, "x"]})
unset = {"id": "", "items": [], "status": "NEW", "tags": {}, "raw": binary(b""), "weight": {"$numberDouble": "0.0"}, "hash": long(0),
         "by_number": {}, "delta": long(0), "packed": [], "done": False, "mark": long(0), "share": {"$numberDouble": "0.0"}}
expected = {"id": "o-1", "total": {"units": long(2**53 + 1), "currency": "EUR"}, "items": [{"sku": "A", "count": long(2**32 - 1)}],
            "status": "PAID", "at": date(1769860800123), "tags": {"a": {"$numberInt": "1"}}, "card": "", "rank": {"$numberInt": "0"},
            "note": "gift", "raw": binary(b"\x01"), "weight": {"$numberDouble": "2.0"}, "hash": {"$numberDecimal": str(2**64 - 1)},
            "by_number": {"-5": "minus five"}, "extra": {"l": [True, None, "x"], "n": {"$numberDouble": "1.5"}}, "delta": long(-(2**62)),
            "packed": [{"$numberInt": "1"}, {"$numberInt": "-1"}], "done": True, "mark": long(7), "share": {"$numberDouble": "0.5"}}
imports = [{"name": "money.proto", "text": MONEY}]
compiled = {"": pb.DESCRIPTOR.serialized_pb, "money.proto": importlib.import_module("money_pb2").DESCRIPTOR.serialized_pb}
add("every kind of field", "PROTOBUF", ORDER, full.SerializeToString(deterministic=True), expected, imports, [1], compiled)
add("fields that were not set", "PROTOBUF", ORDER, pb.Order().SerializeToString(), unset, imports, [1], compiled)
add("the first message of a file", "PROTOBUF", ORDER, pb.Ignored(x="y").SerializeToString(), {"x": "y"}, imports, [0], compiled)
add("a message in a message", "PROTOBUF", ORDER, pb.Order.Item(sku="B", count=1).SerializeToString(),
    {"sku": "B", "count": {"$numberInt": "1"}}, imports, [1, 0], compiled)

add("an object", "JSON", '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}', b'{"a":1,"b":[true]}', {"a": {"$numberInt": "1"}, "b": [True]})
json.dump(fixtures, sys.stdout, ensure_ascii=False, indent=2)
print()
