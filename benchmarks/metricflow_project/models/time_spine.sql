{{ config(materialized='table') }}
SELECT day::DATE AS date_day FROM range(DATE '2021-01-01', DATE '2024-01-01', INTERVAL 1 DAY) AS days(day)
