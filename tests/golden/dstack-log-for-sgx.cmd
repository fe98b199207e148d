assay verify --at 2026-01-01 --root sgx/root.pem --collateral sgx/collateral.json --event-log dstack/log.json sgx/quote.bin
