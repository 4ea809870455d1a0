"""The cluster's processes on one machine: servers, gateway, coordinator, workers, retriever."""
