SELECT date_trunc('month', firsts.day)::DATE AS period_start, coalesce('country=' || CountryRegionName,
       'all') AS segment, count(*) AS value
FROM firsts JOIN customers ON CustomerKey = customer JOIN geography USING (GeographyKey)
GROUP BY GROUPING SETS ((1), (1, CountryRegionName))
