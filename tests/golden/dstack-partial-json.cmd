assay verify --at 2026-01-01 --root dstack/root.pem --collateral dstack/collateral.json --event-log dstack/reply.json --policy dstack/partial.json --json dstack/quote.bin
