assay verify --at 2026-01-01 --root old-launch/root.pem --collateral old-launch/collateral.json old-launch/quote.bin
