"""The service itself: is the process up, is it ready to serve, what does it measure."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from app.api.state import Service
from app.migrate import require_current

router = APIRouter(tags=["Service"])


class Health(BaseModel):
    """A word that all is well."""

    status: str


@router.get("/healthz")
async def healthz() -> Health:
    """The process is up."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"description": "The database is away or its schema is not current"}})
async def readyz(service: Service) -> Health:
    """The database is reachable and its schema is the one this code was written for."""
    await service.database.read(require_current)
    return Health(status="ready")


@router.get("/metrics", response_class=Response)
async def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
