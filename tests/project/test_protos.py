"""What is generated from the protos is fresh, and can be imported under its own name."""

import importlib.util
from pathlib import Path

from google.protobuf import descriptor_pool

from pairmill.pb import records_pb2, retrieval_pb2, runs_pb2

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_generated_package_is_what_the_protos_give(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "protos/generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = module.generate(tmp_path)
    committed = ROOT / "shared/pairmill/pb"
    assert names == sorted(path.name for path in committed.glob("*.py*"))
    stale = [n for n in names if (committed / n).read_bytes() != (tmp_path / n).read_bytes()]
    assert stale == [], "run `make protos`"


def test_generated_modules_bear_the_name_under_which_they_are_imported() -> None:
    assert retrieval_pb2.SearchRequest.__module__ == "pairmill.pb.retrieval_pb2"
    pool = descriptor_pool.Default()
    found = pool.FindMessageTypeByName("pairmill.v1.Vector")
    assert found is records_pb2.Vector.DESCRIPTOR


def test_every_message_field_and_method_is_explained() -> None:
    for path in sorted((ROOT / "protos").rglob("*.proto")):
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines):
            told = line.strip()
            starts = told.startswith(("message ", "enum ", "rpc ", "service ", "oneof "))
            if starts or (told.endswith(";") and "= " in told and "option" not in told and
                          not told.startswith("syntax")):  # fmt: skip
                assert lines[number - 1].strip().startswith("//"), f"{path.name}:{number + 1}"


def test_every_enum_begins_with_a_zero_that_says_nothing() -> None:
    for module in (records_pb2, retrieval_pb2, runs_pb2):
        for enum in module.DESCRIPTOR.enum_types_by_name.values():
            assert enum.values[0].number == 0
            assert enum.values[0].name.endswith("_UNSPECIFIED")


def test_no_two_methods_share_a_request_or_an_answer() -> None:
    for module in (retrieval_pb2, runs_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            kinds = [k for m in service.methods for k in (m.input_type, m.output_type)]
            assert len({kind.full_name for kind in kinds}) == len(kinds)
            assert service.name.endswith("Service")
