"""The description of the interface for programs: true, complete, and never changed without anybody noticing."""

import json
from pathlib import Path

import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

KEPT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
REFRESH = "python manage.py spectacular --file docs/openapi.yaml"


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_kept_description_is_the_generated_one(schema):
    generated = OpenApiYamlRenderer().render(schema, renderer_context={}).decode()
    assert KEPT.exists(), f"{KEPT.name} is missing: {REFRESH}"
    assert generated == KEPT.read_text(), (
        f"The interface for programs has changed. If that is meant, run `{REFRESH}` and read the difference."
    )


def test_the_description_is_valid_openapi(schema):
    validate_schema(json.loads(json.dumps(yaml.safe_load(OpenApiYamlRenderer().render(schema, renderer_context={})))))


def test_generating_it_warns_about_nothing(capsys):
    SchemaGenerator().get_schema(request=None, public=True)
    assert capsys.readouterr().err == ""


def test_every_operation_says_what_happens_without_a_token(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert "401" in operation["responses"], f"{method} {path}"
            assert operation["security"], f"{method} {path}"


def test_tokens_are_described(schema):
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


@pytest.mark.django_db
def test_the_schema_is_served_to_whoever_is_signed_in(client, actors):
    assert client.get("/api/v1/schema/").status_code == 401
    client.force_login(actors.stranger)
    answer = client.get("/api/v1/schema/?format=json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Tandem"


@pytest.mark.django_db
def test_the_page_for_people_needs_no_inline_script(client, actors):
    client.force_login(actors.stranger)
    page = client.get("/api/v1/docs/").content.decode()
    assert "api-docs.js" in page
    assert "<script>" not in page
    assert "<style" not in page
