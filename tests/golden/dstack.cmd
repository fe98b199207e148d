assay verify --at 2026-01-01 --root dstack/root.pem --collateral dstack/collateral.json --event-log dstack/log.json --policy dstack/policy.json dstack/quote.bin
