{{ config(materialized='view') }}
SELECT *, quantity * unit_price AS gross, quantity * unit_price - discount AS net FROM orders
